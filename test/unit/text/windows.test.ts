import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TsgptError } from '../../../src/core/errors.ts';
import { Random } from '../../../src/random/random.ts';
import { randomWindows, sequentialWindows } from '../../../src/text/windows.ts';

/** Token ids that are their own positions. */
const positions = (length: number) => Uint16Array.from({ length }, (_, i) => i);

describe('randomWindows', () => {
  it('takes rows of neighbours, and as targets the tokens after them', () => {
    const options = fc.record({
      batchSize: fc.integer({ min: 1, max: 5 }),
      contextLength: fc.integer({ min: 1, max: 9 }),
    });
    fc.assert(
      fc.property(
        options,
        fc.integer({ min: 10, max: 30 }),
        fc.integer(),
        ({ batchSize, contextLength }, length, seed) => {
          const ids = positions(length);
          const windows = randomWindows(ids, { batchSize, contextLength }, new Random(seed));
          expect(windows.shape).toEqual([batchSize, contextLength]);
          for (let b = 0; b < batchSize; b++) {
            const start = windows.tokens[b * contextLength]!;
            const row = (values: Int32Array) => [...values.subarray(b * contextLength, (b + 1) * contextLength)];
            expect(row(windows.tokens)).toEqual([...ids.subarray(start, start + contextLength)]);
            expect(row(windows.targets)).toEqual([...ids.subarray(start + 1, start + contextLength + 1)]);
          }
        },
      ),
    );
  });

  it('is the same for the same seed', () => {
    const options = { batchSize: 8, contextLength: 16 };
    const draw = (seed: number) => randomWindows(positions(10_000), options, new Random(seed));
    expect(draw(1)).toEqual(draw(1));
    expect(draw(1).tokens).not.toEqual(draw(2).tokens);
  });

  it('begins at every possible place equally often', () => {
    const { tokens } = randomWindows(positions(9), { batchSize: 6000, contextLength: 3 }, new Random(5));
    const counts = new Map<number, number>();
    for (let i = 0; i < tokens.length; i += 3) counts.set(tokens[i]!, (counts.get(tokens[i]!) ?? 0) + 1);
    expect([...counts.keys()].sort()).toEqual([0, 1, 2, 3, 4, 5]);
    // 1000 expected, with a standard deviation of 29.
    for (const count of counts.values()) expect(Math.abs(count - 1000)).toBeLessThan(150);
  });

  it('takes the only window of a text just long enough', () => {
    const { tokens, targets } = randomWindows(positions(5), { batchSize: 1, contextLength: 4 }, new Random(0));
    expect([[...tokens], [...targets]]).toEqual([
      [0, 1, 2, 3],
      [1, 2, 3, 4],
    ]);
  });

  it('says when the text is too short', () => {
    const draw = () =>
      randomWindows(positions(4), { batchSize: 1, contextLength: 4, name: 'validation text' }, new Random(0));
    expect(draw).toThrow(TsgptError);
    expect(draw).toThrow(
      'the validation text has 4 tokens, but a context length of 4 needs at least 5; ' +
        'give a longer text or a smaller --context-length',
    );
  });

  it.each([0, -1, 2.5, Number.NaN])('refuses sizes of %d', (size) => {
    const ids = positions(100);
    expect(() => randomWindows(ids, { batchSize: size, contextLength: 4 }, new Random(0))).toThrow(/batchSize must be/);
    expect(() => randomWindows(ids, { batchSize: 1, contextLength: size }, new Random(0))).toThrow(
      /contextLength must/,
    );
  });
});

describe('sequentialWindows', () => {
  it('makes every token but the first a target once, in order', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 2, max: 100 }),
        fc.integer({ min: 1, max: 4 }),
        fc.integer({ min: 1, max: 12 }),
        (length, batchSize, contextLength) => {
          const tokens: number[] = [];
          const targets: number[] = [];
          for (const windows of sequentialWindows(positions(length), { batchSize, contextLength })) {
            const [batch, time] = windows.shape;
            expect(windows.tokens.length).toBe(batch * time);
            expect(batch).toBeLessThanOrEqual(batchSize);
            expect(time).toBeLessThanOrEqual(contextLength);
            tokens.push(...windows.tokens);
            targets.push(...windows.targets);
          }
          const ids = [...positions(length)];
          expect(tokens).toEqual(ids.slice(0, -1));
          expect(targets).toEqual(ids.slice(1));
        },
      ),
    );
  });

  it('fills batches first and shortens only the end', () => {
    const shapes = Array.from(sequentialWindows(positions(25), { batchSize: 3, contextLength: 4 }), (w) => w.shape);
    expect(shapes).toEqual([
      [3, 4],
      [3, 4],
    ]);
    const more = Array.from(sequentialWindows(positions(35), { batchSize: 3, contextLength: 4 }), (w) => w.shape);
    expect(more).toEqual([
      [3, 4],
      [3, 4],
      [2, 4],
      [1, 2],
    ]);
  });

  it('needs something to predict', () => {
    expect(() => [...sequentialWindows(positions(1), { batchSize: 1, contextLength: 4 })]).toThrow('has 1 tokens');
  });
});
