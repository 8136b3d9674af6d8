import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Random } from '../../../src/random/index.ts';
import { bestFit } from '../../../src/text/best-fit.ts';
import {
  documentStartsOf,
  EpochRows,
  MixedRows,
  PackedRows,
  RandomRows,
  RandomWindows,
  RowBatches,
  type RowPlan,
  type Rows,
  type TokenSource,
  tokenSourceOf,
} from '../../../src/text/index.ts';
import { randomPermutation } from '../../../src/text/permutation.ts';

const END = 99;

/** Documents of distinct tokens, so that a token tells its place. */
const source = (lengths: readonly number[], name = 'the tokens') => {
  const documentStarts = lengths.map((_, i) => lengths.slice(0, i).reduce((a, b) => a + b, 0));
  const total = lengths.reduce((a, b) => a + b, 0);
  return tokenSourceOf(
    Uint32Array.from({ length: total }, (_, i) => 1000 + i),
    { documentStarts, name },
  );
};

const plansOf = async (rows: Rows, count: number): Promise<RowPlan[]> => {
  const plans: RowPlan[] = [];
  while (plans.length < count) plans.push(await rows.next());
  return plans;
};

/** The tokens that plans predict, by their places in the source. */
const predicted = (plans: readonly RowPlan[]) =>
  plans.flat().flatMap(({ start, count }) => Array.from({ length: count }, (_, i) => start + i));
const ascending = (numbers: readonly number[]) => [...numbers].sort((a, b) => a - b);
const range = (from: number, end: number) => Array.from({ length: end - from }, (_, i) => from + i);

const lengths = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 30 });

describe('a random permutation', () => {
  it('has every number once, whatever the length', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 400 }), fc.integer(), (length, seed) => {
        const order = randomPermutation(length, new Random(seed));
        expect(ascending(range(0, length).map(order))).toEqual(range(0, length));
      }),
    );
  });

  it('puts every number everywhere about equally often', () => {
    const [length, draws] = [10, 20_000];
    const counts = Array.from({ length }, () => new Array<number>(length).fill(0));
    for (let seed = 0; seed < draws; seed++) {
      const order = randomPermutation(length, new Random(seed));
      for (let i = 0; i < length; i++) counts[i]![order(i)]!++;
    }
    const mean = draws / length;
    const chiSquared = counts.flat().reduce((sum, count) => sum + (count - mean) ** 2 / mean, 0);
    expect(chiSquared).toBeLessThan(140); // 81 degrees of freedom: less but in one of 20,000 cases
  });

  it('works for as many windows as there are', () => {
    const order = randomPermutation(2 ** 52, new Random(1));
    expect(new Set([0, 1, 2, 2 ** 52 - 1].map(order)).size).toBe(4);
  });
});

describe('best-fit packing', () => {
  it('puts every item into a bin, none over its capacity, with at most one bin half empty', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 50 })), (sizes) => {
        const bins = bestFit(
          sizes.map((size, id) => ({ size, id })),
          50,
        );
        expect(ascending(bins.flat().map(({ id }) => id))).toEqual(range(0, sizes.length));
        const filled = bins.map((bin) => bin.reduce((sum, { size }) => sum + size, 0));
        expect(filled.every((sum) => sum <= 50)).toBe(true);
        expect(filled.filter((sum) => sum <= 25).length).toBeLessThanOrEqual(1);
      }),
    );
  });

  it('takes the fullest bin with room', () => {
    const bins = bestFit(
      [7, 6, 4, 3].map((size) => ({ size })),
      10,
    );
    expect(bins.map((bin) => bin.map(({ size }) => size))).toEqual([
      [7, 3],
      [6, 4],
    ]);
  });
});

describe('passes through a text', () => {
  it('predict every token but the first exactly once in every pass, in another order', () =>
    fc.assert(
      fc.asyncProperty(fc.integer({ min: 4, max: 200 }), fc.integer({ min: 1, max: 12 }), async (length, window) => {
        fc.pre(length > window);
        const rows = new EpochRows(source([length]), window, new Random(3));
        let before = 0;
        for (const epochs of [1, 2, 3]) {
          const plans = await plansOf(rows, rows.rowsIn(epochs) - before);
          before = rows.rowsIn(epochs);
          expect(ascending(predicted(plans))).toEqual(range(1, length));
        }
      }),
    ));

  it('do not begin at the same places in the next pass', async () => {
    const rows = new EpochRows(source([1000]), 10, new Random(4));
    const first = await plansOf(rows, rows.rowsIn(1));
    const second = await plansOf(rows, rows.rowsIn(2) - rows.rowsIn(1));
    const startsOf = (plans: RowPlan[]) => ascending(plans.map(([piece]) => piece!.start));
    expect(startsOf(second)).not.toEqual(startsOf(first));
    expect(first.map(([piece]) => piece!.start)).not.toEqual(startsOf(first));
  });
});

describe('packed documents', () => {
  it('predict every token of every document once in a pass; only documents longer than a window are cut', () =>
    fc.assert(
      fc.asyncProperty(lengths, fc.integer({ min: 1, max: 25 }), fc.boolean(), async (documents, window, lead) => {
        fc.pre(lead || documents.some((length) => length > 1));
        const texts = source(documents);
        const options = { windowLength: window, groupSize: 7, ...(lead && { endOfTextId: END }) };
        const rows = new PackedRows(texts, options, new Random(5));
        const measured = await rows.measure();
        for (let pass = 0; pass < 2; pass++) {
          const plans = await plansOf(rows, measured.rows);
          const starts = [...(await texts.documentStarts(0, texts.documentCount))];
          const firsts = lead ? [] : starts;
          expect(ascending(predicted(plans))).toEqual(range(0, texts.length).filter((i) => !firsts.includes(i)));
          for (const plan of plans) {
            expect(plan.reduce((sum, { count }) => sum + count, 0)).toBeLessThanOrEqual(window);
            for (const { start, count, lead: token } of plan) {
              const document = starts.findLastIndex((begin) => begin <= start);
              const end = starts[document + 1] ?? texts.length;
              const first = starts[document]! + (lead ? 0 : 1);
              expect(start + count).toBeLessThanOrEqual(end);
              expect(token).toBe(lead && start === first ? END : undefined);
              if (end - first <= window) expect([start, count]).toEqual([first, end - first]);
            }
          }
        }
        expect(measured.predicted + measured.padding).toBe(measured.rows * window);
        expect(measured.documents).toBe(documents.length);
      }),
    ));
});

describe('a mixture', () => {
  it('takes rows by the weights', async () => {
    const parts = [3, 1].map((weight, i) => ({ rows: new RandomRows(source([50], `${i}`), 4, new Random(i)), weight }));
    const plans = await plansOf(new MixedRows(parts, new Random(7)), 4000);
    const share = plans.filter(([piece]) => piece!.source.name === '0').length / 4000;
    expect(Math.abs(share - 0.75)).toBeLessThan(0.03); // four standard deviations
  });

  it('refuses weights of 0 and below', () => {
    const rows = new RandomRows(source([50]), 4, new Random(1));
    for (const weight of [0, -1, Number.NaN]) {
      expect(() => new MixedRows([{ rows, weight }], new Random(1))).toThrow(
        'the weights of a mixture must be above 0',
      );
    }
  });
});

/** A stream of each kind over the same documents. */
const streams: Record<string, () => Rows> = {
  random: () => new RandomRows(source([30, 9, 41]), 8, new Random(1)),
  epochs: () => new EpochRows(source([30, 9, 41]), 8, new Random(1)),
  packed: () =>
    new PackedRows(source([30, 9, 41, 3, 3, 3, 8]), { windowLength: 8, groupSize: 2, endOfTextId: END }, new Random(1)),
  mixed: () =>
    new MixedRows(
      [
        { rows: new EpochRows(source([30]), 8, new Random(1)), weight: 1 },
        { rows: new PackedRows(source([5, 6, 7, 20]), { windowLength: 8, groupSize: 3 }, new Random(2)), weight: 2.5 },
      ],
      new Random(3),
    ),
};

describe.each(Object.keys(streams))('batches of %s rows', (kind) => {
  const batches = (readAhead: number) =>
    new RowBatches(streams[kind]!(), {
      batchSize: 3,
      windowLength: 8,
      endOfTextId: END,
      documentStarts: true,
      readAhead,
    });

  it('are the same however many are read ahead, and after every restart', async () => {
    const whole = batches(0);
    const expected = [];
    for (let i = 0; i < 20; i++) expected.push(await whole.next());
    for (const readAhead of [0, 1, 5]) {
      for (const stop of [0, 1, 7, 13]) {
        const first = batches(readAhead);
        for (let i = 0; i < stop; i++) expect(await first.next()).toEqual(expected[i]);
        const second = batches(readAhead);
        second.restore(JSON.parse(JSON.stringify(first.state)));
        for (let i = stop; i < 20; i++) expect(await second.next()).toEqual(expected[i]);
      }
    }
  });

  it('can go back while others are being read', async () => {
    const stream = batches(4);
    const start = stream.state;
    const first = await stream.next();
    await stream.next();
    stream.restore(start);
    expect(await stream.next()).toEqual(first);
  });

  it('refuse a place of another kind', () => {
    expect(() => batches(0).restore({ nothing: 1 })).toThrow(/^the place /);
  });
});

describe('the arrays of a batch', () => {
  it('pair every token with the one after it', () =>
    fc.assert(
      fc.asyncProperty(lengths, fc.integer({ min: 1, max: 20 }), async (documents, window) => {
        const texts = source(documents);
        const rows = new PackedRows(texts, { windowLength: window, endOfTextId: END }, new Random(1));
        const options = { batchSize: 2, windowLength: window, endOfTextId: END, documentStarts: true };
        const { tokens, targets, documentStarts } = await new RowBatches(rows, options).next();
        const starts = await texts.documentStarts(0, texts.documentCount);
        for (let i = 0; i < 2 * window; i++) {
          const [token, target] = [tokens!.data[i]!, targets!.data[i]!];
          if (target === -100) expect(token).toBe(END);
          else expect(token).toBe(starts.includes(target - 1000) ? END : target - 1);
          // A document begins at its lead, and a part of a longer one where the row has it.
          const begin = documentStarts!.data[i]!;
          expect(begin).toBeLessThanOrEqual(i % window);
          if (token === END && target !== -100) expect(begin).toBe(i % window);
        }
      }),
    ));

  it('are those of random windows in memory', async () => {
    const ids = Uint16Array.from({ length: 100 }, (_, i) => (i * 7) % 50);
    const old = new RandomWindows(ids, { batchSize: 4, windowLength: 9 }, new Random(2));
    const rows = new RandomRows(tokenSourceOf(ids), 9, new Random(2));
    const stream = new RowBatches(rows, { batchSize: 4, windowLength: 9 });
    for (let i = 0; i < 5; i++) {
      expect(await stream.next()).toEqual(old.next());
      expect(stream.state).toEqual(old.state);
    }
  });

  it('says what could not be read', async () => {
    const broken: TokenSource = { ...source([50]), read: () => Promise.reject(new Error('the disk is gone')) };
    const stream = new RowBatches(new RandomRows(broken, 4, new Random(1)), {
      batchSize: 1,
      windowLength: 4,
      readAhead: 2,
    });
    await expect(stream.next()).rejects.toThrow('the disk is gone');
  });
});

describe('where documents start', () => {
  it('is after every end of a text', () => {
    expect([...documentStartsOf(Uint16Array.of(5, 9, 9, 3, 9), 9)]).toEqual([0, 2, 3]);
    expect([...documentStartsOf(Uint16Array.of(5, 9), undefined)]).toEqual([0]);
    expect([...documentStartsOf(new Uint16Array(), 9)]).toEqual([]);
  });
});
