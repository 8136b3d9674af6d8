import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TsgptError } from '../../../src/core/errors.ts';
import { candidates, checkSamplingOptions, type SamplingOptions, sampleToken } from '../../../src/generate/index.ts';
import { Random } from '../../../src/random/random.ts';

const logits = fc
  .array(fc.oneof(fc.integer({ min: -3, max: 3 }), fc.float({ min: -30, max: 30, noNaN: true })), {
    minLength: 1,
    maxLength: 12,
  })
  .map((values) => Float32Array.from(values));

const options = fc.record(
  {
    temperature: fc.double({ min: 0.05, max: 5, noNaN: true }),
    topK: fc.integer({ min: 1, max: 14 }),
    topP: fc.double({ min: 0.01, max: 1, noNaN: true }),
  },
  { requiredKeys: [] },
);

/** The k likeliest tokens by their definition, and their probabilities. */
function likeliest(values: Float32Array, { temperature = 1, topK = Number.POSITIVE_INFINITY }: SamplingOptions) {
  const powers = Array.from(values, (x) => Math.exp((x - Math.max(...values)) / temperature));
  const total = powers.reduce((a, b) => a + b);
  const tokens = Array.from(values, (value, id) => ({ id, value, probability: powers[id]! / total }));
  tokens.sort((a, b) => b.value - a.value || a.id - b.id);
  return tokens.slice(0, topK);
}

const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);

describe('candidates', () => {
  it('are exactly k where several tie for the last place: those with the lowest ids', () => {
    expect(candidates(Float32Array.of(1, 2, 1, 2, 1), { topK: 3 }).ids).toEqual([1, 3, 0]);
    expect(candidates(new Float32Array(9), { topK: 4 }).ids).toEqual([0, 1, 2, 3]);
    expect(sampleToken(Float32Array.of(0, 5, 5), { temperature: 0 }, new Random(1))).toBe(1);
  });

  it('are those of the definition, with their probabilities', () => {
    fc.assert(
      fc.property(logits, options, (values, options) => {
        const expected = likeliest(values, options);
        const { ids, probabilities } = candidates(values, options);
        expect(ids).toEqual(expected.slice(0, ids.length).map(({ id }) => id));
        for (const [i, p] of probabilities.entries()) expect(p).toBeCloseTo(expected[i]!.probability, 10);

        // The nucleus reaches the share asked for, and without its last token would not.
        const { topP } = options;
        if (topP === undefined) expect(ids.length).toBe(expected.length);
        else {
          const share = topP * sum(expected.map(({ probability }) => probability));
          expect(sum(probabilities)).toBeGreaterThan(share - 1e-9);
          expect(sum(probabilities.slice(0, -1))).toBeLessThan(share + 1e-9);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('of a known distribution are the known ones', () => {
    const values = Float32Array.of(Math.log(0.1), Math.log(0.4), Math.log(0.2), Math.log(0.3));
    expect(candidates(values, {}).ids).toEqual([1, 3, 2, 0]);
    expect(candidates(values, { topK: 2 }).ids).toEqual([1, 3]);
    expect(candidates(values, { topP: 0.6 }).ids).toEqual([1, 3]);
    expect(candidates(values, { topP: 0.75 }).ids).toEqual([1, 3, 2]);
    expect(candidates(values, { topP: 1 }).ids).toEqual([1, 3, 2, 0]);
    expect(candidates(values, { topP: 0.001 }).ids).toEqual([1]);
    // Of the two that topK leaves, the first has four sevenths.
    expect(candidates(values, { topK: 2, topP: 0.55 }).ids).toEqual([1]);
    expect(candidates(values, { topK: 100 }).ids).toHaveLength(4);
    const squared = candidates(values, { temperature: 0.5 }).probabilities;
    for (const [i, p] of [0.4, 0.3, 0.2, 0.1].entries()) expect(squared[i]).toBeCloseTo(p ** 2 / 0.3, 6);
  });

  it('are right for the largest logits and the lowest temperatures', () => {
    for (const temperature of [1e-300, 0.01, 1, 1e300]) {
      const { probabilities } = candidates(Float32Array.of(3e38, -3e38, 0), { temperature });
      expect(sum(probabilities)).toBeCloseTo(1, 12);
    }
  });
});

describe('sampleToken', () => {
  it('chooses each candidate as often as its probability says', () => {
    const values = Float32Array.of(0, 1, 2, -1, 0.5);
    for (const options of [{}, { temperature: 0.7 }, { topK: 3 }, { topP: 0.8 }, { topK: 4, topP: 0.9 }]) {
      const { ids, probabilities } = candidates(values, options);
      const kept = sum(probabilities);
      const random = new Random(3);
      const draws = 20_000;
      const counts = new Map<number, number>();
      for (let i = 0; i < draws; i++) {
        const id = sampleToken(values, options, random);
        counts.set(id, (counts.get(id) ?? 0) + 1);
      }
      expect([...counts.keys()].sort()).toEqual(ids.toSorted());
      // The standard deviation of a share is at most 0.0036.
      for (const [i, id] of ids.entries()) {
        expect(Math.abs(counts.get(id)! / draws - probabilities[i]! / kept)).toBeLessThan(0.015);
      }
    }
  });

  it('takes the likeliest token at temperature 0, with topK 1 and with the smallest topP', () => {
    fc.assert(
      fc.property(logits, fc.integer(), (values, seed) => {
        const likeliest = values.indexOf(Math.max(...values));
        for (const options of [{ temperature: 0 }, { topK: 1 }, { topP: 1e-9 }]) {
          expect(sampleToken(values, options, new Random(seed))).toBe(likeliest);
        }
      }),
    );
  });
});

describe('options', () => {
  it.each<[SamplingOptions, string]>([
    [{ temperature: -1 }, 'the temperature must be a number of at least 0, but is -1'],
    [{ temperature: Number.NaN }, 'the temperature must be'],
    [{ temperature: Number.POSITIVE_INFINITY }, 'the temperature must be'],
    [{ topK: 0 }, 'topK must be a whole number of at least 1, but is 0'],
    [{ topK: 1.5 }, 'topK must be a whole number'],
    [{ topP: 0 }, 'topP must be greater than 0 and at most 1, but is 0'],
    [{ topP: 1.1 }, 'topP must be greater than 0 and at most 1'],
    [{ topP: Number.NaN }, 'topP must be'],
  ])('%j are refused', (options, message) => {
    expect(() => checkSamplingOptions(options)).toThrow(TsgptError);
    expect(() => checkSamplingOptions(options)).toThrow(message);
  });
});

describe('adjustments', () => {
  it('beyond the range of single precision have the strongest possible effect', () => {
    const values = Float32Array.of(1, 2, 3);
    const biases: Record<number, number>[] = [
      { 1: 1e39 },
      { 0: Number.NEGATIVE_INFINITY, 2: Number.NEGATIVE_INFINITY },
    ];
    for (const logitBias of biases) {
      expect(sampleToken(values, { logitBias }, new Random(1))).toBe(1);
      expect(sampleToken(values, { logitBias, topK: 2 }, new Random(1))).toBe(1);
    }
    expect(sampleToken(values, { repetitionPenalty: 1e-40 }, new Random(1), [1])).toBe(1);
  });

  it('must leave something to choose', () => {
    const logitBias = Object.fromEntries([0, 1, 2].map((id) => [id, Number.NEGATIVE_INFINITY]));
    expect(() => sampleToken(Float32Array.of(1, 2, 3), { logitBias }, new Random(1))).toThrow('forbids all tokens');
  });
});

describe('min-p', () => {
  const values = Float32Array.of(Math.log(0.1), Math.log(0.4), Math.log(0.2), Math.log(0.3));

  it('keeps tokens that are likely enough beside the likeliest', () => {
    expect(candidates(values, { minP: 0 }).ids).toEqual([1, 3, 2, 0]);
    expect(candidates(values, { minP: 0.26 }).ids).toEqual([1, 3, 2]);
    expect(candidates(values, { minP: 0.51 }).ids).toEqual([1, 3]);
    expect(candidates(values, { minP: 0.76 }).ids).toEqual([1]);
    expect(candidates(values, { minP: 1 }).ids).toEqual([1]);
  });

  it('is that of the definition', () => {
    fc.assert(
      fc.property(logits, fc.double({ min: 0, max: 1, noNaN: true }), (values, minP) => {
        const all = likeliest(values, {});
        // Leaving out what lies on the edge, where the last digit decides.
        const isSure = ({ probability }: { probability: number }) =>
          Math.abs(probability - minP * all[0]!.probability) > 1e-9;
        const kept = all.filter(({ probability }) => probability >= minP * all[0]!.probability);
        if (all.every(isSure)) expect(candidates(values, { minP }).ids).toEqual(kept.map(({ id }) => id));
      }),
    );
  });
});

describe('what is done to the logits', () => {
  const random = new Random(1);
  const likeliestAfter = (values: number[], options: SamplingOptions, history: number[] = []) =>
    sampleToken(Float32Array.from(values), { ...options, temperature: 0 }, random, history);

  it('a penalty divides logits above 0 and multiplies those below', () => {
    expect(likeliestAfter([4, 3, 1], { repetitionPenalty: 1.3 }, [0])).toBe(0); // 3.08
    expect(likeliestAfter([4, 3, 1], { repetitionPenalty: 1.4 }, [0, 0])).toBe(1); // 2.86
    expect(likeliestAfter([-4, -5, -9], { repetitionPenalty: 1.2 }, [0])).toBe(0); // -4.8
    expect(likeliestAfter([-4, -5, -9], { repetitionPenalty: 1.3 }, [0])).toBe(1); // -5.2
    expect(likeliestAfter([4, 3, 1], { repetitionPenalty: 0.7 }, [1])).toBe(1); // below 1 it is a reward
  });

  it('a bias is added, before the penalty', () => {
    expect(likeliestAfter([1, 2, 3], { logitBias: { 0: 1.9 } })).toBe(2);
    expect(likeliestAfter([1, 2, 3], { logitBias: { 0: 2.1 } })).toBe(0);
    expect(likeliestAfter([1, 2, 3], { logitBias: { 2: -1.5 } })).toBe(1);
    expect(likeliestAfter([-1, 1.4, -9], { logitBias: { 0: 3 }, repetitionPenalty: 1.5 }, [0])).toBe(1); // 2 / 1.5
    const chosen = Array.from({ length: 100 }, () =>
      sampleToken(Float32Array.of(5, 1, 1), { logitBias: { 0: Number.NEGATIVE_INFINITY } }, random),
    );
    expect(new Set(chosen)).toEqual(new Set([1, 2]));
  });

  it('impossible settings are refused', () => {
    for (const [options, message] of [
      [{ minP: -0.1 }, 'minP must be at least 0 and at most 1, but is -0.1'],
      [{ minP: 1.1 }, 'minP must be'],
      [{ minP: Number.NaN }, 'minP must be'],
      [{ repetitionPenalty: 0 }, 'the repetition penalty must be a number greater than 0, but is 0'],
      [{ repetitionPenalty: Number.POSITIVE_INFINITY }, 'the repetition penalty must be'],
      [{ logitBias: { 1: Number.NaN } }, 'a logit bias is a number for a token id, but 1 has NaN'],
      [{ logitBias: { '-1': 1 } }, 'a logit bias is a number for a token id'],
    ] as const) {
      expect(() => checkSamplingOptions(options)).toThrow(message);
    }
    expect(() => likeliestAfter([1, 2, 3], { logitBias: { 3: 1 } })).toThrow(
      'there is a bias for token 3, but the model has 3 tokens',
    );
  });
});
