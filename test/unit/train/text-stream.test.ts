import { describe, expect, it } from 'vitest';
import { RandomRows, tokenSourceOf } from '../../../src/text/index.ts';
import { randomStream } from '../../../src/train/random-streams.ts';
import { textStream } from '../../../src/train/text-stream.ts';

/** Token i of a source is `first` + i, so that tokens tell where a window begins. */
const ids = (first: number) => Uint32Array.from({ length: 1000 }, (_, i) => first + i);
const windowLength = 8;

describe('a mixture of texts', () => {
  it.each(['initialWeights', 'dropout', 'evaluation'] as const)('draws other numbers than %s', async (purpose) => {
    const options = { order: 'random', windowLength, separateDocuments: false, readAhead: 0, name: 'a text' } as const;
    const mixture = [0, 10_000].map((first) => ({ source: ids(first), weight: 1 }));
    const stream = textStream(mixture, { ...options, batchSize: 40 }, randomStream(5, 'windows'));
    const { data } = (await stream.next()).tokens!;
    const starts = Array.from({ length: 40 }, (_, row) => data[row * windowLength]!);
    const others = new RandomRows(tokenSourceOf(ids(0)), windowLength, randomStream(5, purpose));
    const theirs = Array.from({ length: 10 }, () => others.next()[0]!.start - 1);
    for (const first of [0, 10_000]) {
      const ours = starts.filter((start) => Math.floor(start / 10_000) * 10_000 === first).slice(0, 10);
      expect(ours.length).toBe(10);
      expect(ours.map((start) => start - first)).not.toEqual(theirs);
    }
  });
});
