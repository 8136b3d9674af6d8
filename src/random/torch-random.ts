import { mersenne, mersenneFromState } from 'pure-rand/generator/mersenne';
import type { RandomGenerator } from 'pure-rand/types/RandomGenerator';
import { ensure } from '../core/errors.ts';
import { log, multiplyAdd, sinCos } from './single-precision.ts';

/** The whole memory of a {@link TorchRandom}, fit for JSON. */
export interface TorchRandomState {
  /** The Mersenne Twister: its position and its 624 words of 32 bits. */
  readonly mersenne: readonly number[];
  /** The second value of a pair of normal ones, if it is still to be given out. */
  readonly nextNormal?: number;
}

/**
 * PyTorch's random numbers: the same seed and the same calls in the same order give what PyTorch 1.13 gives on a CPU.
 *
 * Everything is equal bit for bit to PyTorch on an x86-64 processor with AVX2. On others PyTorch itself comes to slightly
 * different values in `uniform` (by the last bit) and in `randn` and `normal` of 16 and more (by up to 2e-6). Newer releases of
 * PyTorch draw twice per value in `randint` over ranges of 2^28 and more and in `randperm` of more than 2^32 / 20.
 *
 * The generator is the Mersenne Twister MT19937 (Matsumoto and Nishimura, 1998).
 */
export class TorchRandom {
  #generator: RandomGenerator;
  #nextNormal: number | undefined;

  constructor(seed: number | { state: TorchRandomState }) {
    if (typeof seed === 'number') this.#generator = twister(seed);
    else {
      this.#generator = mersenneFromState(seed.state.mersenne);
      this.#nextNormal = seed.state.nextNormal;
    }
  }

  /** Starts anew from `seed`, like `torch.manual_seed`. Of the seed only the lowest 32 bits count. */
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
    const start = Math.fround(low);
    const range = Math.fround(Math.fround(high) - start);
    ensure(
      range >= 0 && Number.isFinite(range),
      `uniform numbers lie from a low to a high end, but low is ${low} and high ${high}`,
    );
    const values = floats(count);
    for (let i = 0; i < count; i++) values[i] = multiplyAdd(this.#float(), range, start);
    return values;
  }

  /** `count` draws from the standard normal distribution. */
  randn(count: number): Float32Array {
    return this.normal(0, 1, count);
  }

  /** `count` draws from a normal distribution (Box and Muller, 1958), like `tensor.normal_(mean, deviation)`. */
  normal(mean: number, deviation: number, count: number): Float32Array {
    ensure(
      Number.isFinite(mean) && Number.isFinite(deviation) && deviation >= 0,
      `a normal distribution has a mean and a deviation of at least 0, but they are ${mean} and ${deviation}`,
    );
    const values = floats(count);
    if (count < 16) for (let i = 0; i < count; i++) values[i] = this.#normal() * deviation + mean;
    else this.#normals(values, Math.fround(mean), Math.fround(deviation));
    return values;
  }

  /** `count` uniform whole numbers in [low, high); both ends are 32-bit integers, `high` may be one more. */
  randint(low: number, high: number, count: number): Int32Array {
    ensure(
      Number.isSafeInteger(low) && Number.isSafeInteger(high) && low < high && low >= -(2 ** 31) && high <= 2 ** 31,
      `random integers need a low end below the high end, both whole and from -2^31 to 2^31, but got ${low} and ${high}`,
    );
    const values = new Int32Array(checkCount(count));
    const range = high - low;
    for (let i = 0; i < count; i++) {
      // The range 2^32 takes 64 random bits, of which the modulus leaves the second half.
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

  /** 32 random bits, as a number from 0. */
  #word(): number {
    return this.#generator.next() >>> 0;
  }

  /** In [0, 1), with the 24 bits of a 32-bit float's precision. */
  #float(): number {
    return (this.#generator.next() & 0xffffff) * 2 ** -24;
  }

  /** In [0, 1), with the 53 bits of a double's precision. */
  #double(): number {
    const high = this.#word() & 0x1fffff;
    return (high * 2 ** 32 + this.#word()) * 2 ** -53;
  }

  /** One standard normal value: how PyTorch draws fewer than 16. They are made in pairs, and the second one is kept. */
  #normal(): number {
    const kept = this.#nextNormal;
    this.#nextNormal = undefined;
    if (kept !== undefined) return kept;
    const angle = 2 * Math.PI * this.#double();
    const radius = Math.sqrt(-2 * Math.log1p(-this.#double()));
    this.#nextNormal = radius * Math.sin(angle);
    return radius * Math.cos(angle);
  }

  /** How PyTorch draws 16 and more: uniform values first, then blocks of 16 are transformed where they stand. */
  #normals(values: Float32Array, mean: number, deviation: number): void {
    const { length } = values;
    for (let i = 0; i < length; i++) values[i] = this.#float();
    for (let block = 0; block + 16 <= length; block += 16) transformBlock(values, block, mean, deviation);
    if (length % 16 === 0) return;
    // The last block is not full: the last 16 values are drawn anew, whether or not they were already transformed.
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
  ensure(Number.isSafeInteger(seed), `the random seed must be a whole number, but is ${seed}`);
  return mersenne(seed);
}

function checkCount(count: number): number {
  ensure(
    Number.isSafeInteger(count) && count >= 0 && count < 2 ** 31,
    `the number of random values must be a whole number of at least 0, but is ${count}`,
  );
  return count;
}

function floats(count: number): Float32Array {
  return new Float32Array(checkCount(count));
}
