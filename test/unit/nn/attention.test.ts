import { describe, expect, it } from 'vitest';
import { CausalAttention, causalMask, normalInit } from '../../../src/nn/index.ts';
import { Random } from '../../../src/random/random.ts';
import { arange, concat, randn } from '../../../src/tensor/index.ts';

const options = { embDim: 6, nHeads: 2, dropRate: 0, qkvBias: false, outputInit: normalInit(0.5) };

describe('the causal mask', () => {
  it('is 0 up to a position and -∞ behind it', async () => {
    const no = Number.NEGATIVE_INFINITY;
    expect(await causalMask(3).array()).toEqual([[0, no, no], [0, 0, no], [0, 0, 0]]); // biome-ignore format: rows
    expect(await causalMask(1).array()).toEqual([[0]]);
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

describe('CausalAttention', () => {
  it('sees nothing behind a position, and everything up to it', async () => {
    const random = new Random(2);
    const attention = new CausalAttention(options, random);
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
    const attention = new CausalAttention(options, random);
    const [a, b] = [randn([1, 4, 6], random), randn([1, 4, 6], random)];
    const both = await attention.forward(concat([a, b])).data();
    const apart = [...(await attention.forward(a).data()), ...(await attention.forward(b).data())];
    for (const [i, value] of apart.entries()) expect(Math.abs(both[i]! - value)).toBeLessThan(1e-6);
  });

  it('rejects a width that the heads cannot share', () => {
    expect(() => new CausalAttention({ ...options, nHeads: 4 }, new Random(1))).toThrow(
      'embDim 6 is not a multiple of nHeads 4',
    );
  });
});
