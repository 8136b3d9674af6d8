import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { perplexityInterval, RunningMean, shareInterval } from '../../../src/measure/index.ts';

function estimateOf(values: readonly number[]) {
  const running = new RunningMean();
  for (const value of values) running.add(value);
  return running.estimate;
}

describe('a running mean', () => {
  it('has the mean and the standard error of the textbook, also far from zero', () => {
    const values = fc.array(fc.double({ min: -100, max: 100, noNaN: true }), { minLength: 2, maxLength: 50 });
    fc.assert(
      fc.property(values, fc.constantFrom(0, 1e6), (numbers, offset) => {
        const { value, standardError } = estimateOf(numbers.map((number) => number + offset));
        const mean = numbers.reduce((a, b) => a + b) / numbers.length;
        const variance = numbers.reduce((sum, number) => sum + (number - mean) ** 2, 0) / (numbers.length - 1);
        expect(value - offset).toBeCloseTo(mean, 6);
        expect(standardError).toBeCloseTo(Math.sqrt(variance / numbers.length), 6);
      }),
    );
  });

  it('of right and wrong has the standard error √(p (1 - p) / (n - 1))', () => {
    fc.assert(
      fc.property(fc.array(fc.boolean(), { minLength: 2, maxLength: 300 }), (rights) => {
        const { value: p, standardError } = estimateOf(rights.map(Number));
        expect(p).toBeCloseTo(rights.filter(Boolean).length / rights.length, 12);
        expect(standardError).toBeCloseTo(Math.sqrt((p * (1 - p)) / (rights.length - 1)), 9);
      }),
    );
  });

  it('of one number has no error that could be known, of none not even a mean', () => {
    expect(estimateOf([3])).toEqual({ value: 3, standardError: Number.NaN });
    expect(estimateOf([])).toEqual({ value: Number.NaN, standardError: Number.NaN });
  });
});

describe('the interval of a perplexity', () => {
  it('is that of the loss, exponentiated', () => {
    const [low, high] = perplexityInterval({ value: Math.log(20), standardError: 0.1 });
    expect(Math.log(low)).toBeCloseTo(Math.log(20) - 0.196, 12);
    expect(Math.log(high)).toBeCloseTo(Math.log(20) + 0.196, 12);
  });
});

describe('the interval of a share', () => {
  // As R's binom.confint(..., methods = "wilson") and statsmodels' proportion_confint(..., method='wilson') have them.
  it.each([
    [0, 10, 0, 0.2775],
    [5, 10, 0.2366, 0.7634],
    [10, 10, 0.7225, 1],
    [81, 263, 0.2553, 0.3662],
  ])("is Wilson's for %i right of %i", (right, cases, low, high) => {
    const interval = shareInterval(right / cases, cases);
    expect(interval[0]).toBeCloseTo(low, 4);
    expect(interval[1]).toBeCloseTo(high, 4);
  });

  it('lies within 0 and 1 and holds the share', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 10_000 }), fc.double({ min: 0, max: 1, noNaN: true }), (cases, part) => {
        const share = Math.round(part * cases) / cases;
        const [low, high] = shareInterval(share, cases);
        expect(low).toBeGreaterThanOrEqual(0);
        expect(high).toBeLessThanOrEqual(1);
        expect(low).toBeLessThanOrEqual(share + 1e-12);
        expect(high).toBeGreaterThanOrEqual(share - 1e-12);
        expect(high).toBeGreaterThan(low);
      }),
    );
    expect(shareInterval(Number.NaN, 0)).toEqual([Number.NaN, Number.NaN]);
  });
});
