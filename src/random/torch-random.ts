import { mersenne, mersenneFromState } from 'pure-rand/generator/mersenne';
import type { RandomGenerator } from 'pure-rand/types/RandomGenerator';
import { describeValue } from '../core/describe-value.ts';
import { ensure } from '../core/errors.ts';
import { ensureKind, ensureNumber } from '../core/kind.ts';
import { ensureSeed } from './seed.ts';
import { log, multiplyAdd, sinCos } from './single-precision.ts';

/** The state of a {@link TorchRandom}, ready for JSON. */
export interface TorchRandomState {
  /** The Mersenne Twister: its position and its 624 words of 32 bits. */
  readonly mersenne: readonly number[];
  /** The second value of a pair of normal ones, if it has not been used yet. */
  readonly nextNormal?: number;
}

/**
 * PyTorch's random numbers: the same seed and the same calls in the same order give what PyTorch 1.13 gives on a CPU.
 *
 * All numbers equal PyTorch's bit for bit on an x86-64 processor with AVX2. On other processors PyTorch's own values differ slightly: in `uniform`
 * in the last bit, in `randn` and `normal` of 16 or more values by up to 2e-6. Newer releases of PyTorch draw twice per value in `randint` over
 * ranges of 2^28 or more and in `randperm` of more than 2^32 / 20.
 *
 * The generator is the Mersenne Twister MT19937 (Matsumoto and Nishimura, 1998).
 */
export class TorchRandom {
  #generator: RandomGenerator;
  #nextNormal: number | undefined;

  constructor(seed: number | { state: TorchRandomState }) {
    if (typeof seed !== 'object' || seed === null) this.#generator = twister(seed);
    else {
      ensureKind('TorchRandom', 'a seed or a state', seed.state, 'mersenne');
      this.#generator = mersenneFromState(seed.state.mersenne);
      this.#nextNormal = seed.state.nextNormal;
    }
  }

  /** Restarts from `seed`, like `torch.manual_seed`. Only the lowest 32 bits of the seed count. */
  manualSeed(seed: number): this {
    this.#generator = twister(seed);
    this.#nextNormal = undefined;
    return this;
  }

  /** The current state; `new TorchRandom({ state })` continues from it. */
  get state(): TorchRandomState {
    const mersenne = [...this.#generator.getState()];
    return this.#nextNormal === undefined ? { mersenne } : { mersenne, nextNormal: this.#nextNormal };
  }

  set state(state: TorchRandomState) {
    this.#generator = mersenneFromState(state.mersenne);
    this.#nextNormal = state.nextNormal;
  }

  /** `count` uniform numbers in [0, 1), multiples of 2^-24. */
  rand(count: number): Float32Array {
    return this.uniform(count, 0, 1);
  }

  /** `count` uniform numbers from `low` to `high`, like `tensor.uniform_(low, high)`. */
  uniform(count: number, low: number, high: number): Float32Array {
    ensureNumber('uniform', 'low', low);
    ensureNumber('uniform', 'high', high);
    const start = Math.fround(low);
    const range = Math.fround(Math.fround(high) - start);
    ensure(
      range >= 0 && Number.isFinite(range),
      `low must not be above high, and both must be finite, but low is ${low} and high ${high}`,
    );
    const values = floats(count);
    for (let i = 0; i < count; i++) values[i] = multiplyAdd(this.#float(), range, start);
    return values;
  }

  /** `count` draws from the standard normal distribution. */
  randn(count: number): Float32Array {
    return this.normal(0, 1, count);
  }

  /**
   * `count` draws from a normal distribution (Box and Muller, 1958), like `tensor.normal_(mean, deviation)`; `deviation` is the standard
   * deviation.
   */
  normal(mean: number, deviation: number, count: number): Float32Array {
    ensure(
      Number.isFinite(mean) && Number.isFinite(deviation) && deviation >= 0,
      `the mean must be a number and the deviation at least 0, but they are ${describeValue(mean)} and ${describeValue(deviation)}`,
    );
    const values = floats(count);
    if (count < 16) for (let i = 0; i < count; i++) values[i] = this.#normal() * deviation + mean;
    else this.#normals(values, Math.fround(mean), Math.fround(deviation));
    return values;
  }

  /** `count` uniform integers in [low, high); both are 32-bit integers, but `high` may be 2^31. */
  randint(low: number, high: number, count: number): Int32Array {
    ensure(
      Number.isSafeInteger(low) && Number.isSafeInteger(high) && low < high && low >= -(2 ** 31) && high <= 2 ** 31,
      `low must be below high, and both must be whole numbers from -2^31 to 2^31, but they are ${describeValue(low)} and ${describeValue(high)}`,
    );
    const values = new Int32Array(checkCount(count));
    const range = high - low;
    for (let i = 0; i < count; i++) {
      // The range 2^32 takes 64 random bits; the modulus keeps the second half.
      if (range === 2 ** 32) this.#word();
      values[i] = (this.#word() % range) + low;
    }
    return values;
  }

  /** The numbers 0 to n - 1 in random order (Fisher and Yates, 1938). */
  randperm(n: number): Int32Array {
    const values = new Int32Array(checkCount(n)).map((_, i) => i);
    for (let i = 0; i < n - 1; i++) {
      const j = i + (this.#word() % (n - i));
      [values[i], values[j]] = [values[j]!, values[i]!];
    }
    return values;
  }

  /** 32 random bits, as an unsigned integer. */
  #word(): number {
    return this.#generator.next() >>> 0;
  }

  /** In [0, 1), with a 32-bit float's precision of 24 bits. */
  #float(): number {
    return (this.#generator.next() & 0xffffff) * 2 ** -24;
  }

  /** In [0, 1), with a double's precision of 53 bits. */
  #double(): number {
    const high = this.#word() & 0x1fffff;
    return (high * 2 ** 32 + this.#word()) * 2 ** -53;
  }

  /** One standard normal value, as PyTorch draws fewer than 16. They are made in pairs; the second one is kept for the next call. */
  #normal(): number {
    const kept = this.#nextNormal;
    this.#nextNormal = undefined;
    if (kept !== undefined) return kept;
    const angle = 2 * Math.PI * this.#double();
    const radius = Math.sqrt(-2 * Math.log1p(-this.#double()));
    this.#nextNormal = radius * Math.sin(angle);
    return radius * Math.cos(angle);
  }

  /** Draws as PyTorch does for 16 or more values: uniform values first, then blocks of 16 are transformed in place. */
  #normals(values: Float32Array, mean: number, deviation: number): void {
    const { length } = values;
    for (let i = 0; i < length; i++) values[i] = this.#float();
    for (let block = 0; block + 16 <= length; block += 16) transformBlock(values, block, mean, deviation);
    if (length % 16 === 0) return;
    // The last block is not full: the last 16 values are drawn again, even those already transformed.
    for (let i = length - 16; i < length; i++) values[i] = this.#float();
    transformBlock(values, length - 16, mean, deviation);
  }
}

/** Makes 16 uniform values normal: eight radii from the first half, eight angles from the second. */
function transformBlock(values: Float32Array, block: number, mean: number, deviation: number): void {
  for (let i = block; i < block + 8; i++) {
    const radius = Math.fround(Math.sqrt(-2 * log(1 - values[i]!)));
    const { sin, cos } = sinCos(Math.fround(fullTurn * values[i + 8]!));
    values[i] = multiplyAdd(Math.fround(radius * cos), deviation, mean);
    values[i + 8] = multiplyAdd(Math.fround(radius * sin), deviation, mean);
  }
}

const fullTurn = Math.fround(2 * Math.PI);

function twister(seed: number): RandomGenerator {
  ensureSeed(seed);
  return mersenne(seed);
}

function checkCount(count: number): number {
  ensure(
    Number.isSafeInteger(count) && count >= 0 && count < 2 ** 31,
    `the number of random values must be a whole number of at least 0, but is ${describeValue(count)}`,
  );
  return count;
}

function floats(count: number): Float32Array {
  return new Float32Array(checkCount(count));
}
