import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { WordTable } from '../../../../src/tokenizer/training/word-table.ts';

const utf8 = new TextEncoder();
const text = new TextDecoder('utf-8', { ignoreBOM: true });
const wellFormed = (given: string) => given.replace(/\p{Surrogate}/gu, '\ufffd');

const word = fc.oneof(
  fc.string({ unit: fc.constantFrom('a', 'b', 'é', '🙂'), minLength: 1, maxLength: 4 }),
  fc.nat(20_000).map(String),
  fc.string({ unit: 'binary', minLength: 1, maxLength: 30 }),
);

const contents = (table: WordTable) =>
  new Map(Array.from(table.entries(), ([bytes, count]) => [text.decode(bytes), count]));

test('a word table counts as a Map does', () => {
  fc.assert(
    fc.property(fc.array(word, { size: '+2' }), fc.array(fc.tuple(word, fc.nat(2 ** 40))), (words, more) => {
      const table = new WordTable();
      const other = new WordTable();
      const expected = new Map<string, number>();
      const count = (of: string, by: number) => expected.set(of, (expected.get(of) ?? 0) + by);
      for (const one of words) {
        table.add(one);
        count(wellFormed(one), 1);
      }
      for (const [one, by] of more) {
        other.addBytes(utf8.encode(one), by);
        count(wellFormed(one), by);
      }
      table.addAll(other.parts());
      expect(contents(table)).toEqual(expected);
      expect(table.size).toBe(expected.size);
      expect(table.total).toBe([...expected.values()].reduce((sum, by) => sum + by, 0));
      table.keepFrequent(2);
      expect(contents(table)).toEqual(new Map([...expected].filter(([, by]) => by >= 2)));
      table.clear();
      expect(table.size).toBe(0);
    }),
  );
});

test('a word table with a limit asks to be emptied and loses nothing', () => {
  const total = new Map<string, number>();
  let emptied = 0;
  const empty = (table: WordTable) => {
    for (const [of, by] of contents(table)) total.set(of, (total.get(of) ?? 0) + by);
    table.clear();
    emptied++;
  };
  const table = new WordTable({ maxBytes: 2 ** 20, onFull: empty });
  for (let i = 0; i < 200_000; i++) table.add(`word ${i % 50_000}`);
  empty(table);
  expect(emptied).toBeGreaterThan(4);
  expect(total.size).toBe(50_000);
  expect([...total.values()].every((by) => by === 4)).toBe(true);
});
