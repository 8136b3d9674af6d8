import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { IndexedHeap } from '../../../../src/tokenizer/training/indexed-heap.ts';
import { learnMerges } from '../../../../src/tokenizer/training/learn-merges.ts';

const utf8 = new TextEncoder();
const latin1 = (bytes: Uint8Array) => String.fromCharCode(...bytes);

type Words = readonly (readonly [word: string, count: number])[];

const learned = (words: Words, vocabSize: number) => {
  const { tokens, merges } = learnMerges(
    words.map(([word, count]) => [utf8.encode(word), count]),
    { vocabSize },
  );
  return merges.map(([left, right]) => [latin1(tokens[left]!), latin1(tokens[right]!)]);
};

/** The definition, word for word: counts every pair anew before every merge. */
function simply(words: Words, vocabSize: number): string[][] {
  const split = words.map(([word, count]) => ({ symbols: [...latin1(utf8.encode(word))], count }));
  const vocabulary = new Set(Array.from({ length: 256 }, (_, byte) => String.fromCharCode(byte)));
  const merges: string[][] = [];
  while (vocabulary.size < vocabSize) {
    const counts = new Map<string, number>();
    for (const { symbols, count } of split) {
      for (let i = 0; i + 1 < symbols.length; i++) {
        const pair = JSON.stringify([symbols[i], symbols[i + 1]]);
        counts.set(pair, (counts.get(pair) ?? 0) + count);
      }
    }
    let best: string[] | undefined;
    for (const [pair, count] of counts) {
      const candidate = JSON.parse(pair) as string[];
      const bestCount = best ? counts.get(JSON.stringify(best))! : -1;
      const isGreater = best && (candidate[0]! > best[0]! || (candidate[0] === best[0] && candidate[1]! > best[1]!));
      if (count > bestCount || (count === bestCount && isGreater)) best = candidate;
    }
    if (!best) break;
    merges.push(best);
    vocabulary.add(best.join(''));
    for (const word of split) {
      const merged: string[] = [];
      for (let i = 0; i < word.symbols.length; i++) {
        const isPair = word.symbols[i] === best[0] && word.symbols[i + 1] === best[1];
        merged.push(isPair ? best.join('') : word.symbols[i]!);
        if (isPair) i++;
      }
      word.symbols = merged;
    }
  }
  return merges;
}

describe('merges', () => {
  test('of the textbook example', () => {
    // Sennrich, Haddow and Birch (2016), with the order among equals of CS336.
    const words: Words = [
      ['low', 5],
      ['lower', 2],
      ['widest', 3],
      ['newest', 6],
    ];
    expect(learned(words, 262)).toEqual([
      ['s', 't'],
      ['e', 'st'],
      ['o', 'w'],
      ['l', 'ow'],
      ['w', 'est'],
      ['n', 'e'],
    ]);
  });

  test('are those of the definition', () => {
    const word = fc.oneof(
      fc.string({ unit: fc.constantFrom('a', 'b'), minLength: 1, maxLength: 12 }),
      fc.string({ unit: fc.constantFrom('a', 'b', 'c', ' ', 'é'), minLength: 1, maxLength: 10 }),
      fc.string({ unit: 'binary', minLength: 1, maxLength: 4 }),
    );
    const words = fc.array(fc.tuple(word, fc.integer({ min: 1, max: 5 })), { maxLength: 12 });
    fc.assert(
      fc.property(words, fc.integer({ min: 250, max: 320 }), (list, vocabSize) => {
        expect(learned(list, vocabSize)).toEqual(simply(list, vocabSize));
      }),
      { numRuns: 400 },
    );
  });

  test('do not depend on the order of the words, nor on how counts are divided', () => {
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
    expect(learned(divided, 290)).toEqual(learned(words, 290));
  });

  test('count beyond 2^32 exactly', () => {
    const many = 2 ** 40;
    expect(
      learned(
        [
          ['ab', many],
          ['cd', many + 1],
        ],
        257,
      ),
    ).toEqual([['c', 'd']]);
    expect(
      learned(
        [
          ['ab', many + 2],
          ['cd', many + 1],
        ],
        257,
      ),
    ).toEqual([['a', 'b']]);
  });

  test('of one long word take no time with its square', () => {
    const start = performance.now();
    const { merges } = learnMerges([[utf8.encode('ab'.repeat(200_000)), 1]], { vocabSize: 300 });
    expect(merges.length).toBeGreaterThan(15);
    expect(performance.now() - start).toBeLessThan(20_000);
  });

  test('end where pairs are too rare, and stop when told to', () => {
    const words: [Uint8Array, number][] = [
      [utf8.encode('abab'), 1],
      [utf8.encode('xy'), 1],
    ];
    expect(learnMerges(words, { vocabSize: 1000, minCount: 2 }).merges).toHaveLength(1);
    const many = Array.from({ length: 3000 }, (_, i): [Uint8Array, number] => [utf8.encode(`w${i * 7919}`), 1]);
    expect(() => learnMerges(many, { vocabSize: 3000, signal: AbortSignal.abort(new Error('enough')) })).toThrow(
      'enough',
    );
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
