import { Random } from '../random/index.ts';
import type { Batch, BatchStream } from '../text/index.ts';

/** Batches of random tokens and targets: for times, it does not matter which. */
export class RandomTokens implements BatchStream<'tokens' | 'targets'> {
  readonly state = null;
  readonly #batch: Batch<'tokens' | 'targets'>;

  constructor(vocabSize: number, batchSize: number, windowLength: number) {
    const shape = [batchSize, windowLength];
    const ids = randomIds(vocabSize, batchSize * windowLength + 1);
    const from = (start: number) => ({ data: ids.slice(start, start + batchSize * windowLength), shape });
    this.#batch = { tokens: from(0), targets: from(1) };
  }

  next(): Batch<'tokens' | 'targets'> {
    return this.#batch;
  }

  restore(): void {}
}

/** Random token ids, always the same. */
export function randomIds(vocabSize: number, count: number): Int32Array {
  const random = new Random(1337);
  return Int32Array.from({ length: count }, () => random.integer(vocabSize));
}
