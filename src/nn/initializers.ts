import { ensureCount, ensureNumber } from '../core/kind.ts';
import { Random } from '../random/random.ts';

/** Makes the initial values of a parameter with `size` elements. */
export type Initializer = (size: number, random: Random) => Float32Array;

/** Draws from the normal distribution with mean 0 and the given standard deviation. */
export function normalInit(deviation: number): Initializer {
  ensureNumber('normalInit', 'the standard deviation', deviation);
  return (size, random) => random.normals(size, deviation);
}

export const zerosInit: Initializer = (size) => {
  ensureCount('the number of values', size, 0);
  return new Float32Array(size);
};
export const onesInit: Initializer = (size, random) => zerosInit(size, random).fill(1);

let stream = new Random(0);

/**
 * Seeds the random stream of new parameters. Without a call, the stream is `new Random(0)`. All parameters draw from the same stream, so
 * two layers differ, but two runs of a program agree.
 *
 * Models such as `GPT2` have a random source of their own; see {@link gpt2Init}.
 */
export function seedParameters(seed: number): void {
  stream = new Random(seed);
}

/** The stream that {@link seedParameters} seeds. */
export function parameterStream(): Random {
  return stream;
}
