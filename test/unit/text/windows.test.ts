import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TsgptError } from '../../../src/core/errors.ts';
import { Random } from '../../../src/random/random.ts';
import type { BatchArray } from '../../../src/text/batches.ts';
import { RandomWindows, sequentialWindows } from '../../../src/text/windows.ts';

/** Token ids that are their own positions. */
const positions = (length: number) => Uint16Array.from({ length }, (_, i) => i);

describe('RandomWindows', () => {
  it('takes rows of neighbours, and as targets the tokens after them', () => {
    const options = fc.record({
      batchSize: fc.integer({ min: 1, max: 5 }),
      windowLength: fc.integer({ min: 1, max: 9 }),
    });
    fc.assert(
      fc.property(
        options,
        fc.integer({ min: 10, max: 30 }),
        fc.integer(),
        ({ batchSize, windowLength }, length, seed) => {
          const ids = positions(length);
          const { tokens, targets } = new RandomWindows(ids, { batchSize, windowLength }, new Random(seed)).next();
          for (const { shape } of [tokens, targets]) expect(shape).toEqual([batchSize, windowLength]);
          for (let b = 0; b < batchSize; b++) {
            const start = tokens.data[b * windowLength]!;
            const row = ({ data }: BatchArray) => [...data.subarray(b * windowLength, (b + 1) * windowLength)];
            expect(row(tokens)).toEqual([...ids.subarray(start, start + windowLength)]);
            expect(row(targets)).toEqual([...ids.subarray(start + 1, start + windowLength + 1)]);
          }
        },
      ),
    );
  });

  it('is the same for the same seed', () => {
    const options = { batchSize: 8, windowLength: 16 };
    const draw = (seed: number) => new RandomWindows(positions(10_000), options, new Random(seed)).next();
    expect(draw(1)).toEqual(draw(1));
    expect(draw(1).tokens).not.toEqual(draw(2).tokens);
  });

  it('goes on from a saved place', () => {
    const stream = (seed: number) =>
      new RandomWindows(positions(10_000), { batchSize: 2, windowLength: 4 }, new Random(seed));
    const windows = stream(1);
    windows.next();
    const state = JSON.parse(JSON.stringify(windows.state));
    const after = [windows.next(), windows.next()];
    const other = stream(2);
    other.restore(state);
    expect([other.next(), other.next()]).toEqual(after);
  });

  it.each([null, 'x', [1, 2, 3], [1, 2, 3, 0.5], { a: 1 }])('does not take %j for a place', (state) => {
    const windows = new RandomWindows(positions(9), { batchSize: 2, windowLength: 4 }, new Random(1));
    expect(() => windows.restore(state)).toThrow(TsgptError);
    expect(() => windows.restore(state)).toThrow('the place of random windows must be four whole numbers');
  });

  it('begins at every possible place equally often', () => {
    const windows = new RandomWindows(positions(9), { batchSize: 6000, windowLength: 3 }, new Random(5));
    const tokens = windows.next().tokens.data;
    const counts = new Map<number, number>();
    for (let i = 0; i < tokens.length; i += 3) counts.set(tokens[i]!, (counts.get(tokens[i]!) ?? 0) + 1);
    expect([...counts.keys()].sort()).toEqual([0, 1, 2, 3, 4, 5]);
    // 1000 expected, with a standard deviation of 29.
    for (const count of counts.values()) expect(Math.abs(count - 1000)).toBeLessThan(150);
  });

  it('takes the only window of a text just long enough', () => {
    const windows = new RandomWindows(positions(5), { batchSize: 1, windowLength: 4 }, new Random(0));
    const { tokens, targets } = windows.next();
    expect([[...tokens.data], [...targets.data]]).toEqual([
      [0, 1, 2, 3],
      [1, 2, 3, 4],
    ]);
  });

  it('says when the text is too short', () => {
    const draw = () =>
      new RandomWindows(positions(4), { batchSize: 1, windowLength: 4, name: 'validation text' }, new Random(0));
    expect(draw).toThrow(TsgptError);
    expect(draw).toThrow(
      'the validation text has 4 tokens, but a window length of 4 needs at least 5; ' +
        'give a longer text or a smaller window length',
    );
  });

  it.each([0, -1, 2.5, Number.NaN])('refuses sizes of %d', (size) => {
    const ids = positions(100);
    expect(() => new RandomWindows(ids, { batchSize: size, windowLength: 4 }, new Random(0))).toThrow(
      /batchSize must be/,
    );
    expect(() => new RandomWindows(ids, { batchSize: 1, windowLength: size }, new Random(0))).toThrow(
      /windowLength must/,
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
        (length, batchSize, windowLength) => {
          const tokens: number[] = [];
          const targets: number[] = [];
          for (const windows of sequentialWindows(positions(length), { batchSize, windowLength })) {
            const [batch, time] = windows.tokens.shape as [number, number];
            expect(windows.tokens.data.length).toBe(batch * time);
            expect(batch).toBeLessThanOrEqual(batchSize);
            expect(time).toBeLessThanOrEqual(windowLength);
            tokens.push(...windows.tokens.data);
            targets.push(...windows.targets.data);
          }
          const ids = [...positions(length)];
          expect(tokens).toEqual(ids.slice(0, -1));
          expect(targets).toEqual(ids.slice(1));
        },
      ),
    );
  });

  it('fills batches first and shortens only the end', () => {
    const shapes = Array.from(
      sequentialWindows(positions(25), { batchSize: 3, windowLength: 4 }),
      (w) => w.tokens.shape,
    );
    expect(shapes).toEqual([
      [3, 4],
      [3, 4],
    ]);
    const more = Array.from(sequentialWindows(positions(35), { batchSize: 3, windowLength: 4 }), (w) => w.tokens.shape);
    expect(more).toEqual([
      [3, 4],
      [3, 4],
      [2, 4],
      [1, 2],
    ]);
  });

  it('needs something to predict', () => {
    expect(() => [...sequentialWindows(positions(1), { batchSize: 1, windowLength: 4 })]).toThrow('has 1 tokens');
  });
});
