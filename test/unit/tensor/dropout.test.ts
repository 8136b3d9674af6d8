import { describe, expect, it } from 'vitest';
import { compile } from '../../../src/compile/index.ts';
import { Random } from '../../../src/random/random.ts';
import { dropout, grad, ones, type Tensor } from '../../../src/tensor/index.ts';

/** 1 where an element was kept, 0 where it was dropped. */
async function maskOf(shape: number[], probability: number, random: Random): Promise<Float32Array> {
  return dropout(ones(shape), probability, random).gt(0).to('float32').floats();
}

const mean = (values: ArrayLike<number>) => Array.from(values).reduce((a, b) => a + b, 0) / values.length;

/** Pearson's correlation of two lists of equal length. */
function correlation(a: ArrayLike<number>, b: ArrayLike<number>): number {
  const [meanA, meanB] = [mean(a), mean(b)];
  let [product, squareA, squareB] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    const [da, db] = [a[i]! - meanA, b[i]! - meanB];
    product += da * db;
    squareA += da * da;
    squareB += db * db;
  }
  return product / Math.sqrt(squareA * squareB);
}

const rows = 400;
const columns = 400;
const count = rows * columns;
/** Correlations and shares of `n` independent draws exceed this in one case in a million. */
const bound = (n: number) => 5 / Math.sqrt(n);

describe('dropout', () => {
  it.each([0.1, 0.5, 0.9])('drops the share %d and scales up the rest', async (probability) => {
    const x = ones([rows, columns]);
    const data = await dropout(x, probability, new Random(1)).floats();
    const kept = data.filter((value) => value !== 0);
    expect(Math.abs(kept.length / count - (1 - probability))).toBeLessThan(bound(count));
    expect(new Set(kept)).toEqual(new Set([Math.fround(1 / (1 - probability))]));
    expect(Math.abs(mean(data) - 1)).toBeLessThan(bound(count) / (1 - probability));
  });

  it('leaves everything at probability 0, and rejects impossible ones', async () => {
    const x = ones([2]);
    expect(await dropout(x, 0, new Random(1)).array()).toEqual([1, 1]);
    for (const probability of [1, -0.1, Number.NaN]) {
      expect(() => dropout(x, probability, new Random(1))).toThrow(`but is ${probability}`);
    }
  });

  it('takes tensors of any shape', async () => {
    for (const shape of [[], [1], [7], [2, 3, 4, 5], [3, 1]]) {
      expect((await dropout(ones(shape), 0.5, new Random(2)).data()).length).toBe(ones(shape).size);
    }
  });

  it('drops the same share in every row and in every column', async () => {
    const mask = await maskOf([rows, columns], 0.5, new Random(3));
    const row = Array.from({ length: rows }, (_, i) => mean(mask.subarray(i * columns, (i + 1) * columns)));
    const column = Array.from({ length: columns }, (_, j) => mean(row.map((__, i) => mask[i * columns + j]!)));
    for (const shares of [row, column]) {
      for (const share of shares) expect(Math.abs(share - 0.5)).toBeLessThan(0.5 * bound(columns) * 1.2);
      // If shares varied more or less than those of independent draws, 0.25 / n, rows would not be drawn independently.
      const variance = mean(shares.map((share) => (share - 0.5) ** 2));
      expect(variance * columns * 4).toBeGreaterThan(0.6);
      expect(variance * columns * 4).toBeLessThan(1.6);
    }
  });

  it('neighbours, rows and columns are uncorrelated', async () => {
    const mask = await maskOf([rows, columns], 0.5, new Random(4));
    for (const lag of [1, 2, 3, columns - 1, columns, columns + 1, 2 * columns]) {
      expect(Math.abs(correlation(mask.subarray(lag), mask.subarray(0, count - lag))), `lag ${lag}`).toBeLessThan(
        bound(count),
      );
    }
    for (let i = 0; i < 20; i++) {
      const row = (at: number) => mask.subarray(at * columns, (at + 1) * columns);
      expect(Math.abs(correlation(row(i), row(i + 1))), `rows ${i} and ${i + 1}`).toBeLessThan(bound(columns));
    }
  });

  it('masks drawn one after the other are uncorrelated', async () => {
    const random = new Random(5);
    const [first, second] = [await maskOf([200, 200], 0.3, random), await maskOf([200, 200], 0.3, random)];
    expect(Math.abs(correlation(first, second))).toBeLessThan(bound(first.length));
  });

  it('the same seed gives the same masks, another seed others', async () => {
    const mask = (seed: number) => maskOf([16, 16], 0.5, new Random(seed));
    expect(await mask(6)).toEqual(await mask(6));
    expect(await mask(7)).not.toEqual(await mask(6));
  });

  it('a mask stays what it is when it is evaluated again', async () => {
    const dropped = dropout(ones([64]), 0.5, new Random(8));
    const doubled = dropped.mul(2);
    expect(await doubled.data()).toEqual((await dropped.floats()).map((value) => 2 * value));
  });

  it('the gradient goes through the same mask', async () => {
    const x = ones([8, 8]);
    const dropped = dropout(x, 0.4, new Random(9));
    const [gradient] = grad(dropped.sum(), [x]);
    expect(await gradient!.data()).toEqual(await dropped.data());
  });
});

describe('dropout in a compiled function', () => {
  const withGradient = (random: Random) =>
    compile((x) => {
      const dropped = dropout(x!, 0.5, random);
      return [dropped, ...grad(dropped.sum(), [x as Tensor])];
    });

  it('draws a fresh mask at each call, and the gradient uses that of its call', async () => {
    const f = withGradient(new Random(10));
    const calls: Float32Array[] = [];
    for (let i = 0; i < 5; i++) {
      const [dropped, gradient] = await f.run([ones([20, 20])]);
      expect(gradient).toEqual(dropped);
      calls.push(dropped as Float32Array);
    }
    expect(new Set(calls.map(String)).size).toBe(5);
    expect(Math.abs(correlation(calls[0]!, calls[1]!))).toBeLessThan(bound(400));
  });

  it('repeats its masks from the same seed or restored state', async () => {
    const run = async (random: Random, calls: number) => {
      const f = withGradient(random);
      const results = [];
      for (let i = 0; i < calls; i++) results.push((await f.run([ones([10, 10])]))[0]);
      return results;
    };
    const all = await run(new Random(11), 4);
    expect(await run(new Random(11), 4)).toEqual(all);
    const random = new Random(11);
    await run(random, 2);
    expect(await run(new Random({ state: random.state }), 2)).toEqual(all.slice(2));
  });

  it('draws differently for layers of one shape', async () => {
    const random = new Random(12);
    const f = compile((x) => [dropout(x!, 0.5, random), dropout(x!, 0.5, random)]);
    const [first, second] = await f.run([ones([50, 50])]);
    expect(Math.abs(correlation(first!, second!))).toBeLessThan(bound(2500));
  });
});
