import { Random } from '../random/random.ts';

/** Makes the first elements of a parameter of `size` elements. */
export type Initializer = (size: number, random: Random) => Float32Array;

/** Draws from the normal distribution with mean 0 and the given standard deviation. */
export function normalInit(deviation: number): Initializer {
  return (size, random) => random.normals(size, deviation);
}

export const zerosInit: Initializer = (size) => new Float32Array(size);
export const onesInit: Initializer = (size) => new Float32Array(size).fill(1);

let stream = new Random(0);

/**
 * Restarts the stream of random numbers that new parameters draw from. Without it, a program's parameters draw from
 * `new Random(0)`, one after the other: two layers differ, and two runs of the program agree.
 *
 * Models such as `GPT2` take a source of their own, see {@link gpt2Init}.
 */
export function seedParameters(seed: number): void {
  stream = new Random(seed);
}

/** The stream that {@link seedParameters} seeds. */
export function parameterStream(): Random {
  return stream;
}
