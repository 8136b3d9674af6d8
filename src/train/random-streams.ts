import { Random } from '../random/random.ts';

/** The independent streams of random numbers that a training seed gives, by what they are for. */
const streams = { initialWeights: 0, windows: 1, dropout: 2, evaluation: 3 };

export function randomStream(seed: number, purpose: keyof typeof streams): Random {
  return new Random(seed).stream(streams[purpose]);
}

/** The source of a model's initial weights for a training seed. */
export function initialRandom(seed: number): Random {
  return randomStream(seed, 'initialWeights');
}
