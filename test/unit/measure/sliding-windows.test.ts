import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type SlidingWindowOptions, slidingWindows, type TextToken } from '../../../src/measure/index.ts';

/** The windows over a text whose tokens are numbered in order, given in pieces of `pieceLength`. */
async function windowsOver(length: number, pieceLength: number, options: SlidingWindowOptions) {
  async function* pieces(): AsyncGenerator<TextToken[]> {
    for (let id = 0; id < length; id += pieceLength) {
      const ids = Array.from({ length: Math.min(pieceLength, length - id) }, (_, i) => id + i);
      yield ids.map((id) => ({ id, bytes: 1, characters: 1 }));
    }
  }
  const windows: { inputs: readonly number[]; targets: number[] }[] = [];
  for await (const { inputs, targets } of slidingWindows(pieces(), options)) {
    windows.push({ inputs, targets: targets.map(({ id }) => id) });
  }
  return windows;
}

const lengths = fc.record({
  length: fc.integer({ min: 0, max: 60 }),
  pieceLength: fc.integer({ min: 1, max: 25 }),
  contextLength: fc.integer({ min: 1, max: 20 }),
  strideShare: fc.double({ min: 0, max: 1, noNaN: true }),
});
const strideOf = (contextLength: number, share: number) => 1 + Math.round(share * (contextLength - 1));

describe('sliding windows', () => {
  it('ask for every token but the first exactly once, in order, each after the one before it', async () => {
    await fc.assert(
      fc.asyncProperty(
        lengths,
        fc.integer({ min: 1, max: 3 }),
        async ({ length, pieceLength, contextLength, strideShare }, unscored) => {
          fc.pre(unscored <= contextLength);
          const stride = strideOf(contextLength, strideShare);
          const windows = await windowsOver(length, pieceLength, { contextLength, stride, unscored });
          const expected = Array.from({ length: Math.max(0, length - unscored) }, (_, i) => i + unscored);
          expect(windows.flatMap(({ targets }) => targets)).toEqual(expected);
          for (const [i, { inputs, targets }] of windows.entries()) {
            expect(inputs.length).toBeLessThanOrEqual(contextLength);
            expect(inputs).toEqual(inputs.map((_, j) => i * stride + j));
            expect(targets.at(-1)).toBe(inputs.at(-1)! + 1);
            if (i > 0) expect(targets[0]! - inputs[0]!).toBeGreaterThanOrEqual(contextLength - stride + 1);
          }
        },
      ),
      { numRuns: 500 },
    );
  });

  it('are those of Hugging Face with one token more, the last target', async () => {
    await fc.assert(
      fc.asyncProperty(lengths, async ({ length, pieceLength, contextLength, strideShare }) => {
        fc.pre(length >= 2);
        const stride = strideOf(contextLength, strideShare);
        // The loop of "Perplexity of fixed-length models"; its model predicts each token of a window but the first.
        const expected: { inputs: number[]; targets: number[] }[] = [];
        let previousEnd = 0;
        for (let begin = 0; begin < length; begin += stride) {
          const end = Math.min(begin + contextLength + 1, length);
          const ids = Array.from({ length: end - begin }, (_, i) => begin + i);
          const scored = Math.min(end - previousEnd, ids.length - 1);
          expected.push({ inputs: ids.slice(0, -1), targets: ids.slice(-scored) });
          previousEnd = end;
          if (end === length) break;
        }
        expect(await windowsOver(length, pieceLength, { contextLength, stride })).toEqual(expected);
      }),
      { numRuns: 300 },
    );
  });

  it('are the ones worked out by hand', async () => {
    expect(await windowsOver(8, 3, { contextLength: 4, stride: 2 })).toEqual([
      { inputs: [0, 1, 2, 3], targets: [1, 2, 3, 4] },
      { inputs: [2, 3, 4, 5], targets: [5, 6] },
      { inputs: [4, 5, 6], targets: [7] },
    ]);
    expect(await windowsOver(8, 8, { contextLength: 4, stride: 4 })).toEqual([
      { inputs: [0, 1, 2, 3], targets: [1, 2, 3, 4] },
      { inputs: [4, 5, 6], targets: [5, 6, 7] },
    ]);
  });
});
