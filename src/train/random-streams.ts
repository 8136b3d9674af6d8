import { Random } from '../random/random.ts';

/** The independent random streams of a training seed, by purpose. */
const streams = { initialWeights: 0, windows: 1, dropout: 2, evaluation: 3 };

export function randomStream(seed: number, purpose: keyof typeof streams): Random {
  return new Random(seed).stream(streams[purpose]);
}

/** The random numbers for a model's initial weights, from a training seed. */
export function initialRandom(seed: number): Random {
  return randomStream(seed, 'initialWeights');
}
