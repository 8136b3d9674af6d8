import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TsgptError } from '../../../src/core/errors.ts';
import { Random } from '../../../src/random/index.ts';
import { splitMix64 } from '../../../src/random/seed.ts';

/** The draw at `position` of each seed. */
const drawsAt = (seeds: readonly number[], position: number) =>
  seeds.map((seed) => {
    const random = new Random(seed);
    for (let i = 0; i < position; i++) random.int32();
    return random.uniform();
  });

/** The share of pairs whose members lie in the same half. */
const inSameHalf = (pairs: readonly (readonly [number, number])[]) =>
  pairs.filter(([a, b]) => a < 0.5 === b < 0.5).length / pairs.length;

/** In one case in a million, a share of `n` independent pairs is further from one half than this. */
const bound = (n: number) => 2.5 / Math.sqrt(n);

const numbers = (length: number, f: (i: number) => number) => Array.from({ length }, (_, i) => f(i));

describe('the draws of similar seeds are independent', () => {
  const count = 4000;
  const positions = [0, 1, 2, 5, 10, 20, 37, 50, 51, 64, 100, 200];

  it.each<[string, (i: number) => number, (i: number) => number]>([
    ['2k and 2k + 1', (k) => 2 * k, (k) => 2 * k + 1],
    ['k and k + 2^16', (k) => k, (k) => k + 2 ** 16],
    ['k and k + 2^32', (k) => k, (k) => k + 2 ** 32],
    ['k and k + 2^52', (k) => k, (k) => k + 2 ** 52],
    ['k and -k', (k) => k + 1, (k) => -k - 1],
    ['k and ~k', (k) => k, (k) => ~k],
  ])('%s', (_, first, second) => {
    for (const position of positions) {
      const [a, b] = [drawsAt(numbers(count, first), position), drawsAt(numbers(count, second), position)];
      const share = inSameHalf(a.map((x, i) => [x, b[i]!] as const));
      expect(Math.abs(share - 0.5), `at draw ${position}: ${share}`).toBeLessThan(bound(count));
    }
  });

  it('in all pairs of a batch of 64', () => {
    const batch = numbers(64, (i) => i);
    const batches = 200;
    const worst = numbers(64 * 64, () => 0);
    for (let start = 0; start < batches; start++) {
      const draws = drawsAt(
        batch.map((i) => 64 * start + i),
        50,
      );
      for (const i of batch) for (const j of batch) worst[64 * i + j]! += Number(draws[i]! < 0.5 === draws[j]! < 0.5);
    }
    for (const i of batch) {
      for (const j of batch.slice(0, i)) {
        const share = worst[64 * i + j]! / batches;
        // One pair of 2,016 may be 3.5 deviations off by chance; 6 are out of the question.
        expect(Math.abs(share - 0.5), `rows ${i} and ${j}: ${share}`).toBeLessThan(3 / Math.sqrt(batches));
      }
    }
  });

  it('as often as a fair coin, a batch of 32 agrees nearly as a whole', () => {
    for (let position = 0; position < 300; position++) {
      const heads = drawsAt(
        numbers(32, (i) => i),
        position,
      ).filter((x) => x < 0.5).length;
      expect(Math.abs(heads - 16), `at draw ${position}`).toBeLessThan(15);
    }
  });
});

describe('Random', () => {
  it('counts every bit of a seed', () => {
    const seeds = [0, ...numbers(53, (bit) => 2 ** bit), ...numbers(53, (bit) => -(2 ** bit))];
    const safe = seeds.filter(Number.isSafeInteger);
    expect(new Set(safe.map((seed) => new Random(seed).state.join())).size).toBe(safe.length);
  });

  it('has children that differ', () => {
    const random = new Random(1);
    const children = numbers(20_000, () => 0).map(() => random.child().state.join());
    expect(new Set(children).size).toBe(children.length);
  });

  it('mixes seeds as SplitMix64 does', () => {
    // The first outputs that Sebastiano Vigna's splitmix64.c gives for these seeds.
    expect(splitMix64(0, 3)).toEqual([0xe220a8397b1dcdafn, 0x6e789e6aa1b965f4n, 0x06c45d188009454fn]);
    expect(splitMix64(1234567, 2)).toEqual([6457827717110365317n, 3203168211198807973n]);
  });

  it('continues from a state, also one that was saved before seeds were mixed', () => {
    const random = new Random({ state: [-799285942, -1932754360, -1250432811, -1018137855] });
    expect(random.stream(1).state).toEqual([-1119589484, -715558869, -1984811337, 2075807233]);
    expect([random.int32(), random.int32()]).toEqual([1344075081, -1685299587]);
    expect([random.integer(50257), random.uniform()]).toEqual([9135, 0.896452957065776]);
    expect([...random.normals(3)]).toEqual([-0.1943173110485077, 0.6724163293838501, 1.0436325073242188]);
    expect(random.state).toEqual([-2091943221, -1739378005, 2052417299, 1917934845]);
  });

  it('takes any safe integer as a seed', () => {
    fc.assert(
      fc.property(fc.maxSafeInteger(), (seed) => {
        const random = new Random(seed);
        const copy = new Random({ state: JSON.parse(JSON.stringify(random.state)) });
        expect(copy.normals(5)).toEqual(random.normals(5));
      }),
    );
  });

  it.each<[unknown, string]>([
    [0.5, '0.5'],
    [2 ** 53, '9007199254740992'],
    [-(2 ** 53), '-9007199254740992'],
    [Number.NaN, 'NaN'],
    [Number.POSITIVE_INFINITY, 'Infinity'],
    [1n, '1n'],
    ['7', "'7'"],
    [undefined, 'undefined'],
    [null, 'null'],
  ])('refuses the seed %s', (seed, found) => {
    expect(() => new Random(seed as number)).toThrow(TsgptError);
    expect(() => new Random(seed as number)).toThrow(
      `seed must be a whole number from -(2^53 - 1) to 2^53 - 1, but is ${found}`,
    );
  });

  it.each([[[0, 0, 0, 0]], [[1, 2, 3]], [[1, 2, 3, 0.5]], [[1, 2, 3, 2 ** 32]], ['1234'], [undefined], [null]])(
    'refuses the state %j',
    (state) => {
      expect(() => new Random({ state: state as number[] })).toThrow(TsgptError);
      expect(() => new Random({ state: state as number[] })).toThrow('must be four 32-bit integers, not all 0');
    },
  );
});
