import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { IndexedHeap } from '../../../../src/tokenizer/training/indexed-heap.ts';
import { learnMerges } from '../../../../src/tokenizer/training/learn-merges.ts';
import { WordTable } from '../../../../src/tokenizer/training/word-table.ts';
import { simpleMerges } from '../../../support/simple-merges.ts';

const utf8 = new TextEncoder();
const latin1 = (bytes: Uint8Array) => String.fromCharCode(...bytes);

type Words = readonly (readonly [word: string, count: number])[];

const tableOf = (words: Words) => {
  const table = new WordTable();
  for (const [word, count] of words) table.addBytes(utf8.encode(word), count);
  return table;
};

const learned = async (words: Words, vocabSize: number) => {
  const { tokens, merges } = await learnMerges(tableOf(words), { vocabSize });
  expect(new Set(tokens.map(latin1)).size).toBe(tokens.length); // no token is learned twice
  return merges.map(([left, right]) => [latin1(tokens[left]!), latin1(tokens[right]!)]);
};

describe('merges', () => {
  test('of the textbook example', async () => {
    // Sennrich, Haddow and Birch (2016), with the order among equals of CS336.
    const words: Words = [
      ['low', 5],
      ['lower', 2],
      ['widest', 3],
      ['newest', 6],
    ];
    expect(await learned(words, 262)).toEqual([
      ['s', 't'],
      ['e', 'st'],
      ['o', 'w'],
      ['l', 'ow'],
      ['w', 'est'],
      ['n', 'e'],
    ]);
  });

  test('are those of the definition', async () => {
    const word = fc.oneof(
      fc.string({ unit: fc.constantFrom('a', 'b'), minLength: 1, maxLength: 12 }),
      fc.string({ unit: fc.constantFrom('a', 'b', 'c', ' ', 'é'), minLength: 1, maxLength: 10 }),
      fc.string({ unit: 'binary', minLength: 1, maxLength: 4 }),
    );
    const words = fc.array(fc.tuple(word, fc.integer({ min: 1, max: 5 })), { maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(words, fc.integer({ min: 250, max: 320 }), async (list, vocabSize) => {
        expect(await learned(list, vocabSize)).toEqual(simpleMerges(list, vocabSize));
      }),
      { numRuns: 400 },
    );
  });

  test('do not depend on the order of the words, nor on how counts are divided', async () => {
    const words: Words = [
      ['banana', 3],
      ['bandana', 2],
      ['ananas', 5],
    ];
    const divided: Words = [
      ['ananas', 4],
      ['bandana', 1],
      ['banana', 3],
      ['bandana', 1],
      ['ananas', 1],
    ];
    expect(await learned(divided, 290)).toEqual(await learned(words, 290));
  });

  test('count beyond 2^32 exactly', async () => {
    const many = 2 ** 40;
    expect(
      await learned(
        [
          ['ab', many],
          ['cd', many + 1],
        ],
        257,
      ),
    ).toEqual([['c', 'd']]);
    expect(
      await learned(
        [
          ['ab', many + 2],
          ['cd', many + 1],
        ],
        257,
      ),
    ).toEqual([['a', 'b']]);
  });

  test('of one long word take no time with its square', async () => {
    const start = performance.now();
    const { merges } = await learnMerges(tableOf([['ab'.repeat(200_000), 1]]), { vocabSize: 300 });
    expect(merges.length).toBeGreaterThan(15);
    expect(performance.now() - start).toBeLessThan(20_000);
  });

  test('end where pairs are too rare, and stop when told to', async () => {
    const words = tableOf([
      ['abab', 1],
      ['xy', 1],
    ]);
    expect((await learnMerges(words, { vocabSize: 1000, minCount: 2 })).merges).toHaveLength(1);
    const many = tableOf(Array.from({ length: 30_000 }, (_, i) => [`w${(i * 7919) ** 2}`, 1] as const));
    const controller = new AbortController();
    const onProgress = () => controller.abort(new Error('enough'));
    const options = { vocabSize: 2 ** 20, signal: controller.signal, onProgress };
    await expect(learnMerges(many, options)).rejects.toThrow('enough');
  });
});

test('an indexed heap keeps the first entry first, whatever changes', () => {
  const change = fc.tuple(fc.nat(20), fc.option(fc.integer({ min: 0, max: 9 })));
  fc.assert(
    fc.property(fc.array(change, { maxLength: 100 }), (changes) => {
      const priorities = new Map<number, number>();
      const before = (a: number, b: number) => priorities.get(a)! - priorities.get(b)! || a - b;
      const heap = new IndexedHeap((a, b) => before(a, b) < 0);
      for (const [entry, priority] of changes) {
        if (priority === null) {
          heap.remove(entry);
          priorities.delete(entry);
        } else {
          priorities.set(entry, priority);
          heap.update(entry);
        }
        expect(heap.first).toBe([...priorities.keys()].sort(before)[0]);
        expect(heap.size).toBe(priorities.size);
      }
    }),
  );
});
