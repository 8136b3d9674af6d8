import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { patternNames } from '../../../../src/tokenizer/training/patterns.ts';
import { TextCutter } from '../../../../src/tokenizer/training/text-cutter.ts';
import { type PatternChoice, WordPattern } from '../../../../src/tokenizer/training/word-pattern.ts';

const special = ['<|end|>', '<|end|>>', '|>'];
// What words begin, end and go on with: letters, digits, contractions, signs, white space of all kinds, several planes, special tokens.
const pieces = ['a', "it's", "'ll", "'ſ", 'é', 'e\u0301', '中文', '𝒳', '🙂', '7', '1234567', '٣', '!', '...', '"', '_', '|>', '<|', '<|end', '<|end|>', '>', ' ', '  ', '\t', '\n', '\r\n', '\n\n ', '\u00a0', '\u0085', '\ufeff', '\u3000']; // biome-ignore format: a list
const anyText = fc.string({
  unit: fc.oneof(fc.constantFrom(...pieces), fc.string({ unit: 'binary', minLength: 1, maxLength: 2 })),
  maxLength: 60,
});

const wellFormed = (text: string) => text.replace(/\p{Surrogate}/gu, '\ufffd');

const wordsOf = (pattern: WordPattern, text: string) =>
  pattern.specialTokens.split(text).flatMap((part) => [...pattern.words(part)]);

function partsOf(pattern: WordPattern, text: string, pieceLength: number, blockLength?: number): string[] {
  const cutter = new TextCutter(pattern, blockLength);
  const parts: string[] = [];
  for (let i = 0; i < text.length; i += pieceLength) parts.push(...cutter.push(text.slice(i, i + pieceLength)));
  return [...parts, ...cutter.end()];
}

describe.each(patternNames)('a text cut for the pattern %s', (name) => {
  const pattern = new WordPattern(name, special);

  test('has the words of the whole text, wherever it is cut', () => {
    let cuts = 0;
    fc.assert(
      fc.property(
        anyText,
        fc.integer({ min: 1, max: 20 }),
        fc.integer({ min: 1, max: 20 }),
        (text, pieceLength, block) => {
          const given = wellFormed(text);
          const parts = partsOf(pattern, given, pieceLength, block);
          expect(parts.join('')).toBe(given);
          expect(parts.flatMap((part) => wordsOf(pattern, part))).toEqual(wordsOf(pattern, given));
          cuts += parts.length - 1;
        },
      ),
      { numRuns: 3000 },
    );
    expect(cuts).toBeGreaterThan(500);
  });

  test('is cut at every place that is allowed, and the words stay', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const given = wellFormed(text);
        const whole = new WordPattern(name, []);
        const cut = whole.lastCut(given, given.length);
        const both = [...whole.words(given.slice(0, cut)), ...whole.words(given.slice(cut))];
        expect(both).toEqual([...whole.words(given)]);
      }),
      { numRuns: 3000 },
    );
  });
});

describe("a text cut for a pattern of the user's own", () => {
  const own: [name: string, pattern: PatternChoice][] = [
    ['whole lines', { regex: '[^\\n]*\\n|[^\\n]+' }],
    [
      'contractions in words',
      { regex: "[^\\r\\n\\p{L}\\p{N}]?\\p{L}+(?i:'s|'t)?|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|\\s+" },
    ],
    ['a look behind', { regex: '(?<=a)b|\\p{L}+?|.' }],
    ['only letters', { regex: '\\p{L}+' }],
  ];
  test.each(own)('has the words of the whole text: %s', (_, choice) => {
    const pattern = new WordPattern(choice, special);
    const long = fc
      .array(anyText, { minLength: 60, maxLength: 120 })
      .map((parts) => wellFormed(parts.join("ab it's 12345\n").repeat(6)));
    let cuts = 0;
    fc.assert(
      fc.property(long, fc.integer({ min: 100, max: 9000 }), (text, pieceLength) => {
        const parts = partsOf(pattern, text, pieceLength, 5000);
        expect(parts.flatMap((part) => wordsOf(pattern, part))).toEqual(wordsOf(pattern, text));
        cuts += parts.length - 1;
      }),
      { numRuns: 20 },
    );
    expect(cuts).toBeGreaterThan(10);
  });
});

test('a text without a place to cut is cut anyway, and where does not depend on its pieces', () => {
  const pattern = new WordPattern('cl100k', ['<|end|>']);
  const text = `${'1'.repeat(3_000_000)}${'𝒳'.repeat(600_000)}`;
  const parts = partsOf(pattern, text, 1_000_000);
  expect(parts.length).toBeGreaterThan(2);
  expect(Math.max(...parts.map(({ length }) => length))).toBeLessThan(2 ** 20 + 2 ** 18 + 1);
  expect(parts.some((part) => /\p{Surrogate}/u.test(part))).toBe(false);
  expect(parts.join('')).toBe(text);
  expect(partsOf(pattern, text, 77_777)).toEqual(parts);
});
