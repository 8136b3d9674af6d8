import { describe, expect, it } from 'vitest';
import {
  Attention,
  type AttentionOptions,
  type Module,
  RMSNorm,
  RotaryEmbedding,
  SwiGLU,
  TransformerBlock,
} from '../../../src/nn/index.ts';
import { Random } from '../../../src/random/random.ts';
import { arange, concat, randn, type Tensor } from '../../../src/tensor/index.ts';
import { checkGradients } from '../../support/check-gradients.ts';
import { causalAttention, linear, rowsOf } from '../../support/float64.ts';

const random = new Random(21);
const options: AttentionOptions = {
  embDim: 6,
  nHeads: 4,
  nKvHeads: 2,
  headDim: 4,
  qkvBias: true,
  outputBias: true,
  qkNorm: true,
  normEps: 1e-5,
  rotary: new RotaryEmbedding({ headDim: 4, theta: 100 }),
};

/** Large random weights, including biases and norms, so that every part matters. */
function shaken<T extends Module>(module: T): T {
  for (const parameter of module.parameters()) {
    parameter.value = parameter.value.map((value) => value + 0.4 * random.normal());
  }
  return module;
}

describe('RMSNorm', () => {
  it('makes the mean square of every row 1, and then scales', async () => {
    const norm = shaken(new RMSNorm(5, { eps: 1e-6 }));
    const rows = rowsOf(await norm.forward(randn([2, 3, 5], random, 7)).data(), 5);
    for (const row of rows) {
      const squares = row.map((value, i) => (value / norm.weight.value[i]!) ** 2);
      expect(squares.reduce((a, b) => a + b) / 5).toBeCloseTo(1, 5);
    }
  });

  it('adds eps to the mean square', async () => {
    const norm = new RMSNorm(2, { eps: 0.75 });
    // The mean square of (0.5, 0.5) is 0.25; with 0.75 it is 1.
    expect(await norm.forward(randn([1, 2], random).mul(0).add(0.5)).array()).toEqual([[0.5, 0.5]]);
  });

  it('rejects rows of another length', () => {
    expect(() => new RMSNorm(4).forward(randn([2, 3], random))).toThrow('have 3 elements, but the weight [4] has 4');
  });
});

describe('SwiGLU', () => {
  it('is down(silu(gate(x)) up(x))', async () => {
    const network = shaken(new SwiGLU(3, 5, { bias: true }));
    const x = randn([4, 3], random);
    const apply = (part: 'gate' | 'up' | 'down', rows: number[][]) => {
      const { weight, bias } = network[part];
      return linear(rows, rowsOf(weight.value, weight.shape[1]!), bias!.value);
    };
    const inner = rowsOf(await x.data(), 3);
    const up = apply('up', inner);
    const gated = apply('gate', inner).map((row, t) => row.map((g, i) => (g / (1 + Math.exp(-g))) * up[t]![i]!));
    const actual = await network.forward(x).data();
    for (const [i, value] of apply('down', gated).flat().entries()) expect(actual[i]).toBeCloseTo(value, 5);
  });

  it('has gradients', async () => {
    const network = shaken(new SwiGLU(3, 4, { bias: true }));
    await checkGradients(([x]) => network.forward(x!), [randn([2, 3], random), ...network.parameters()]);
  });
});

describe('Attention with grouped heads', () => {
  it('is causal attention of turned, normalised heads, of which several share keys and values', async () => {
    const attention = shaken(new Attention(options));
    const x = randn([1, 5, 6], random);
    const rows = rowsOf(await x.data(), 6);
    const apply = (part: 'query' | 'key' | 'value' | 'output', input: number[][]) => {
      const { weight, bias } = attention[part];
      return linear(input, rowsOf(weight.value, weight.shape[1]!), bias!.value);
    };
    const prepared = (projected: number[][], weight: Float32Array) =>
      projected.map((row, position) => rowsOf(row, 4).flatMap((head) => turned(normalised(head, weight), position)));
    const queries = prepared(apply('query', rows), attention.queryNorm!.weight.value);
    const keys = prepared(apply('key', rows), attention.keyNorm!.weight.value);
    // Heads 0 and 1 of the queries see head 0 of keys and values, heads 2 and 3 head 1.
    const shared = (projected: number[][]) =>
      projected.map((row) => [0, 0, 1, 1].flatMap((head) => rowsOf(row, 4)[head]!));
    const mixed = causalAttention(queries, shared(keys), shared(apply('value', rows)), 4);
    const actual = await attention.forward(x).data();
    for (const [i, value] of apply('output', mixed).flat().entries()) expect(actual[i]).toBeCloseTo(value, 4);
  });

  it('sees nothing behind a position, and everything up to it', async () => {
    const attention = shaken(new Attention(options));
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

  it('keeps the texts of a batch apart', async () => {
    const attention = shaken(new Attention(options));
    const [a, b] = [randn([1, 4, 6], random), randn([1, 4, 6], random)];
    const both = await attention.forward(concat([a, b])).data();
    const apart = [...(await attention.forward(a).data()), ...(await attention.forward(b).data())];
    for (const [i, value] of apart.entries()) expect(Math.abs(both[i]! - value)).toBeLessThan(1e-5);
  });

  it('has gradients', async () => {
    const small = { ...options, nHeads: 2, nKvHeads: 1, embDim: 3 };
    const attention = shaken(new Attention(small));
    const inputs = [randn([1, 3, 3], random), ...attention.parameters()];
    await checkGradients(([x]) => attention.forward(x!), inputs, { order: 1 });
  });

  it('rejects heads that cannot be shared evenly', () => {
    expect(() => new Attention({ ...options, nKvHeads: 3 })).toThrow('nHeads 4 is not a multiple of nKvHeads 3');
  });
});

describe('TransformerBlock', () => {
  const build = () =>
    shaken(
      new TransformerBlock({
        attentionNorm: new RMSNorm(4),
        attention: new Attention({ ...options, nHeads: 2, nKvHeads: 1, embDim: 4 }),
        feedForwardNorm: new RMSNorm(4),
        feedForward: new SwiGLU(4, 5),
      }),
    );

  it('adds attention and the feed-forward network to what comes in, each after its norm', async () => {
    const block = build();
    const x = randn([2, 3, 4], random);
    const attended = x.add(block.attention.forward(block.attentionNorm.forward(x)));
    const expected = attended.add(block.feedForward.forward(block.feedForwardNorm.forward(attended)));
    expect(await block.forward(x).data()).toEqual(await expected.data());
  });

  it('has gradients', async () => {
    const block = build();
    const inputs: Tensor[] = [randn([1, 3, 4], random), ...block.parameters()];
    await checkGradients(([x]) => block.forward(x!), inputs, { order: 1 });
  });
});

function normalised(head: readonly number[], weight: ArrayLike<number>): number[] {
  const meanSquare = head.reduce((sum, value) => sum + value ** 2, 0) / head.length;
  return head.map((value, i) => (value / Math.sqrt(meanSquare + 1e-5)) * weight[i]!);
}

/** A head of four, turned at a position with theta 100: pair 0 by 1 a step, pair 1 by 1/10. */
function turned([a, b, c, d]: readonly number[], position: number): number[] {
  const turn = (x: number, y: number, angle: number) => [
    x * Math.cos(angle) - y * Math.sin(angle),
    y * Math.cos(angle) + x * Math.sin(angle),
  ];
  const [first, third] = turn(a!, c!, position);
  const [second, fourth] = turn(b!, d!, position / 10);
  return [first!, second!, third!, fourth!];
}
