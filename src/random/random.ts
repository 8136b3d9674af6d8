import { xoroshiro128plusFromState } from 'pure-rand/generator/xoroshiro128plus';
import type { JumpableRandomGenerator } from 'pure-rand/types/JumpableRandomGenerator';
import { describeValue } from '../core/describe-value.ts';
import { ensure } from '../core/errors.ts';
import { ensureCount, ensureNumber } from '../core/kind.ts';
import { ensureSeed, splitMix64 } from './seed.ts';

/** The state of a {@link Random}: four 32-bit integers, ready for JSON. */
export type RandomState = readonly number[];

/**
 * A seeded source of random numbers: the same seed gives the same numbers on every machine.
 *
 * The generator is xoroshiro128+ (Blackman and Vigna, 2018). Its state can be saved and restored, so that a training run resumes exactly where it
 * stopped.
 */
export class Random {
  #generator!: JumpableRandomGenerator;

  /**
   * Any safe integer is a seed, from -(2^53 - 1) to 2^53 - 1, and all its bits count. Neighbouring seeds are as independent as any others.
   * Throws a TsgptError for other seeds, and for a state that no generator can have.
   */
  constructor(seed: number | { state: RandomState }) {
    if (typeof seed === 'object' && seed !== null) {
      this.state = seed.state;
    } else {
      ensureSeed(seed);
      this.state = seededState(seed);
    }
  }

  /** The current state; `new Random({ state })` continues from it. */
  get state(): RandomState {
    return [...this.#generator.getState()];
  }

  set state(state: RandomState) {
    // From four zeros the generator would give zeros forever.
    ensure(
      Array.isArray(state) && state.length === 4 && state.every((word) => (word | 0) === word) && state.some(Boolean),
      () =>
        `the state of a random generator must be four 32-bit integers, not all 0, but is ${Array.isArray(state) ? `[${state.map(describeValue).join(', ')}]` : describeValue(state)}`,
    );
    this.#generator = xoroshiro128plusFromState(state);
  }

  /**
   * Number `index` of this seed's independent streams, so that for example data order and dropout do not affect each other. Each stream begins 2^64
   * draws after the one before.
   */
  stream(index: number): Random {
    const stream = this.#generator.clone();
    for (let i = 0; i <= index; i++) stream.jump();
    return new Random({ state: stream.getState() });
  }

  /** A new generator, seeded by a draw from this one. */
  child(): Random {
    // 53 bits, as many as a seed has. With 32 bits, two of 2^16 children would be equal.
    return new Random(this.int32() * 2 ** 21 + (this.int32() >>> 11));
  }

  /** A uniform integer in [-2^31, 2^31). */
  int32(): number {
    return this.#generator.next();
  }

  /** A uniform number in [0, 1), a multiple of 2^-32. */
  uniform(): number {
    return (this.#generator.next() >>> 0) * 2 ** -32;
  }

  /** A uniform integer in [0, limit), without bias. `limit` is at most 2^53 - 1. */
  integer(limit: number): number {
    ensure(
      Number.isSafeInteger(limit) && limit > 0,
      () => `a random integer needs a limit from 1 to 2^53 - 1, but got ${describeValue(limit)}`,
    );
    const bits32 = () => this.#generator.next() >>> 0;
    const [range, drawOne] =
      limit <= 2 ** 32 ? [2 ** 32, bits32] : [2 ** 53, () => (bits32() >>> 11) * 2 ** 32 + bits32()];
    // Draws past the last whole multiple of `limit` would favour small values; draw again instead.
    const fair = range - (range % limit);
    let draw: number;
    do draw = drawOne();
    while (draw >= fair);
    return draw % limit;
  }

  /** A draw from the standard normal distribution. */
  normal(): number {
    return this.normals(1)[0]!;
  }

  /** `count` draws from the normal distribution with mean 0 and standard deviation `deviation` (Box and Muller, 1958). Defaults to 1. */
  normals(count: number, deviation = 1): Float32Array {
    ensureCount('the number of random values', count, 0);
    ensureNumber('normals', 'the standard deviation', deviation);
    const values = new Float32Array(count);
    for (let i = 0; i < count; i += 2) {
      // 1 - uniform() lies in (0, 1], so the logarithm is finite. One radius and angle make two independent values.
      const radius = deviation * Math.sqrt(-2 * Math.log(1 - this.uniform()));
      const angle = 2 * Math.PI * this.uniform();
      values[i] = radius * Math.cos(angle);
      if (i + 1 < count) values[i + 1] = radius * Math.sin(angle);
    }
    return values;
  }
}

/**
 * xoroshiro128+ is linear: each bit of a draw is a sum modulo 2 of bits of the first state, so similar states give similar draws at some positions.
 * A non-linear mixing of the seed's bits prevents that, as the generator's authors advise.
 */
function seededState(seed: number): RandomState {
  return splitMix64(seed, 2).flatMap((word) => [Number(word >> 32n) | 0, Number(word & 0xffff_ffffn) | 0]);
}
