import { describe, expect, it } from 'vitest';
import { Attention, causalMask, normalInit } from '../../../src/nn/index.ts';
import { Random } from '../../../src/random/random.ts';
import { arange, concat, randn, type Tensor, tensor } from '../../../src/tensor/index.ts';

const options = { embDim: 6, nHeads: 2 };
/** With outputs of ordinary size. */
function attentionOf(random: Random): Attention {
  const attention = new Attention(options);
  for (const { weight } of [attention.query, attention.key, attention.value, attention.output]) {
    weight.initialize(random, normalInit(0.5));
  }
  return attention;
}

describe('the causal mask', () => {
  it('is 0 up to a position and -∞ behind it', async () => {
    const no = Number.NEGATIVE_INFINITY;
    expect(await causalMask(3).array()).toEqual([[0, no, no], [0, 0, no], [0, 0, 0]]); // biome-ignore format: rows
    expect(await causalMask(1).array()).toEqual([[0]]);
  });

  it('with a window is 0 for a position and those just before it', async () => {
    const no = Number.NEGATIVE_INFINITY;
    const rows = [[0, no, no, no], [0, 0, no, no], [no, 0, 0, no], [no, no, 0, 0]]; // biome-ignore format: rows
    expect(await causalMask(4, 2).array()).toEqual(rows);
    expect(await causalMask(4, 4).array()).toEqual(await causalMask(4).array());
    expect(await causalMask(2, 1).array()).toEqual([[0, no], [no, 0]]); // biome-ignore format: rows
  });

  it('leaves weights that add up to 1 over the past and are 0 over the future', async () => {
    const weights = randn([5, 5], new Random(1)).add(causalMask(5)).softmax(-1);
    for (const [t, row] of (await weights.array<number[][]>()).entries()) {
      expect(row.reduce((a, b) => a + b)).toBeCloseTo(1, 6);
      row.forEach((weight, s) => {
        if (s > t) expect(weight).toBe(0);
        else expect(weight).toBeGreaterThan(0);
      });
    }
  });
});

describe('Attention', () => {
  it('sees nothing behind a position, and everything up to it', async () => {
    const random = new Random(2);
    const attention = attentionOf(random);
    const x = randn([1, 5, 6], random);
    const before = await attention.forward(x).array<number[][][]>();
    for (let at = 0; at < 5; at++) {
      const changed = x.add(arange(5).eq(at).to('float32').reshape([1, 5, 1]));
      const after = await attention.forward(changed).array<number[][][]>();
      for (let t = 0; t < 5; t++) {
        if (t < at) expect(after[0]![t], `position ${t}`).toEqual(before[0]![t]);
        else expect(after[0]![t], `position ${t}`).not.toEqual(before[0]![t]);
      }
    }
  });

  it('keeps the sequences of a batch apart', async () => {
    const random = new Random(3);
    const attention = attentionOf(random);
    const [a, b] = [randn([1, 4, 6], random), randn([1, 4, 6], random)];
    const both = await attention.forward(concat([a, b])).data();
    const apart = [...(await attention.forward(a).data()), ...(await attention.forward(b).data())];
    for (const [i, value] of apart.entries()) expect(Math.abs(both[i]! - value)).toBeLessThan(1e-6);
  });

  it('rejects a width that the heads cannot share', () => {
    expect(() => new Attention({ ...options, nHeads: 4 })).toThrow('embDim 6 is not a multiple of nHeads 4');
  });
});

describe('the mask of attention', () => {
  const random = new Random(4);
  const attention = attentionOf(random);
  const [x, source] = [randn([2, 3, 6], random), randn([2, 5, 6], random)];

  /** Attention by plain loops: `isVisible` tells whether position t of text b sees position s of the source. */
  async function expected(source: Tensor, isVisible: (b: number, t: number, s: number) => boolean): Promise<number[]> {
    const arrays = [attention.query.forward(x), attention.key.forward(source), attention.value.forward(source)];
    const [queries, keys, values] = await Promise.all(arrays.map((t) => t.array<number[][][]>()));
    const mixed = queries!.map((rows, b) =>
      rows.map((query, t) =>
        query.map((_, i) => {
          const first = i < 3 ? 0 : 3; // of two heads
          const weights = keys![b]!.map((key, s) => {
            const score = [0, 1, 2].reduce((sum, j) => sum + query[first + j]! * key[first + j]!, 0) / Math.sqrt(3);
            return isVisible(b, t, s) ? Math.exp(score) : 0;
          });
          const total = weights.reduce((sum, weight) => sum + weight);
          return weights.reduce((sum, weight, s) => sum + (weight / total) * values![b]![s]![i]!, 0);
        }),
      ),
    );
    return [...(await attention.output.forward(tensor(mixed)).data())];
  }
  const expectClose = async (actual: Tensor, values: number[]) => {
    const data = await actual.data();
    expect(data).toHaveLength(values.length);
    for (const [i, value] of values.entries()) expect(data[i]).toBeCloseTo(value, 5);
  };

  it('is the causal one by default', async () => {
    await expectClose(attention.forward(x), await expected(x, (_, t, s) => s <= t));
  });

  it('sees only a window, if the layer has one', async () => {
    const layer = new Attention({ ...options, window: 2 });
    for (const [path, { weight }] of Object.entries({ query: layer.query, key: layer.key, value: layer.value })) {
      weight.value = attention[path as 'query'].weight.value;
    }
    layer.output.weight.value = attention.output.weight.value;
    layer.output.bias!.value = attention.output.bias!.value;
    await expectClose(layer.forward(x), await expected(x, (_, t, s) => s <= t && s > t - 2));
    await expectClose(layer.forward(x, { mask: null }), await expected(x, () => true));
    await expectClose(layer.forward(x, {}, source), await expected(source, () => true));
    for (const window of [0, -1, 1.5, Number.NaN]) {
      expect(() => new Attention({ ...options, window })).toThrow(/the window .* at least 1, but is/);
    }
  });

  it('may be none', async () => {
    await expectClose(attention.forward(x, { mask: null }), await expected(x, () => true));
  });

  it('may hide the filling of short texts', async () => {
    const mask = tensor([[0, 0, Number.NEGATIVE_INFINITY], [0, 0, 0]]).reshape([2, 1, 1, 3]); // biome-ignore format: rows
    await expectClose(attention.forward(x, { mask }), await expected(x, (b, _, s) => b === 1 || s < 2));
  });

  it('serves cross-attention, which looks at another text', async () => {
    await expectClose(attention.forward(x, { mask: null }, source), await expected(source, () => true));
    const mask = arange(5).lt(4).to('float32').log(); // nobody sees the last position
    await expectClose(attention.forward(x, { mask }, source), await expected(source, (_, __, s) => s < 4));
  });

  it('has no place beside a cache', () => {
    const cache = { positions: arange(3), attend: (query: Tensor) => query };
    expect(() => attention.forward(x, { cache, mask: null })).toThrow('is causal and takes no mask');
    expect(attention.forward(x, { cache }).shape).toEqual([2, 3, 6]);
  });
});

describe('cross-attention', () => {
  const random = new Random(4);
  const attention = attentionOf(random);
  const [x, source] = [randn([2, 3, 6], random), randn([2, 5, 6], random)];

  it('sees the whole of a source of another length', async () => {
    const last = source.slice(null, [4, 5]);
    const changed = concat([source.slice(null, [0, 4]), last.mul(3)], 1);
    const [before, after] = [attention.forward(x, {}, source), attention.forward(x, {}, changed)];
    expect(before.shape).toEqual([2, 3, 6]);
    // Every position looks at the last of the source, the first one too.
    const distances = await before.sub(after).abs().sum(-1).data();
    for (const distance of distances) expect(distance).toBeGreaterThan(1e-3);
  });

  it('is the same as with a mask that hides nothing, and takes one that hides', async () => {
    const free = await attention.forward(x, {}, source).data();
    expect(await attention.forward(x, { mask: tensor([[[[0, 0, 0, 0, 0]]]]) }, source).data()).toEqual(free);
    const no = Number.NEGATIVE_INFINITY;
    const hidden = await attention.forward(x, { mask: tensor([0, 0, no, no, no]) }, source).data();
    const shorter = await attention.forward(x, {}, source.slice(null, [0, 2])).data();
    for (const [i, value] of hidden.entries()) expect(value).toBeCloseTo(shorter[i]!, 5);
  });

  it('takes no cache', () => {
    const cache = { positions: arange(3), attend: (query: Tensor) => query };
    expect(() => attention.forward(x, { cache }, source)).toThrow('attention with a cache continues its own text');
  });
});
