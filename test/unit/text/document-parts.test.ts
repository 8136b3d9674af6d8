import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DocumentCutter, type DocumentPart } from '../../../src/text/document-parts.ts';
import {
  CharTokenizer,
  GPT2Tokenizer,
  HuggingFaceTokenizer,
  type Tokenizer,
  trainTokenizer,
} from '../../../src/tokenizer/index.ts';
import { PartEncoder } from '../../../src/tokenizer/part-encoder.ts';
import { publishedForms } from '../../support/published-forms.ts';
import { anyText } from '../../support/texts.ts';

const trained = await trainTokenizer(['the cat sat on the mat, and the dog too'], {
  vocabSize: 290,
  pattern: 'cl100k',
});

/** Every kind of tokenizer there is. */
const tokenizers: [string, Tokenizer][] = [
  ['gpt2', new GPT2Tokenizer()],
  ['trained', trained],
  ...publishedForms.map(({ name, file }) => [name, new HuggingFaceTokenizer(file)] as [string, Tokenizer]),
];

function partsOf(tokenizer: Tokenizer, pieces: readonly string[], length: number): DocumentPart[] {
  const cutter = new DocumentCutter(tokenizer, { allowSpecial: true }, length);
  return pieces.flatMap((piece, i) => [...cutter.push(piece, i === pieces.length - 1)]);
}

/** Encodes every part by itself, as a thread does. */
function encoded(tokenizer: Tokenizer, parts: readonly DocumentPart[]): number[] {
  return parts.flatMap(({ text, addedSpaces }) => {
    const encoder = new PartEncoder(tokenizer, { allowSpecial: true }, addedSpaces);
    return [...(addedSpaces === undefined ? encoder.beginning(text) : encoder.inside(text))];
  });
}

const longText = fc
  .array(fc.oneof(anyText, fc.constantFrom('The cat sat on the mat. ', "It's 1999!\n\n", '日本語のテキスト。')), {
    minLength: 60,
    maxLength: 90,
  })
  .map((parts) => parts.join(''))
  .map((text) => text.padEnd(2000, 'Some words after it, '));

describe('a document in parts', () => {
  it.each(tokenizers)('has the tokens of the whole: %s', (_, tokenizer) => {
    const property = fc.property(longText, fc.integer({ min: 20, max: 300 }), (text, length) => {
      // What a tokenizer does not know at all, it refuses in either way.
      let whole: number[];
      try {
        whole = tokenizer.encode(text, { allowSpecial: true });
      } catch {
        return;
      }
      const parts = partsOf(tokenizer, [text], length);
      expect(parts.map((part) => part.text).join('')).toBe(text);
      expect(encoded(tokenizer, parts)).toEqual(whole);
    });
    fc.assert(property, { numRuns: 5 });
  });

  it('are the same parts in whatever pieces it comes, and wherever it is taken up again', () => {
    const tokenizer = new GPT2Tokenizer();
    const property = fc.property(longText, fc.array(fc.nat(2000), { maxLength: 6 }), (text, places) => {
      const cuts = [0, ...places.sort((a, b) => a - b), text.length];
      const pieces = cuts.slice(1).map((end, i) => text.slice(cuts[i], end));
      const parts = partsOf(tokenizer, [text], 100);
      expect(partsOf(tokenizer, pieces, 100)).toEqual(parts);
      expect(parts.length).toBeGreaterThan(1);

      const [first, ...others] = parts;
      const again = new DocumentCutter(tokenizer, { allowSpecial: true }, 100, others[0]!.addedSpaces);
      expect([...again.push(text.slice(first!.text.length), true)]).toEqual(others);
    });
    fc.assert(property, { numRuns: 10 });
  });

  it('without any safe cut become long, but not endless, and keep both halves of a character together', () => {
    const tokenizer = new CharTokenizer('😀');
    const parts = partsOf(tokenizer, [`${'😀'.repeat(5000)}`], 101);
    expect(parts.length).toBeGreaterThan(1);
    expect(encoded(tokenizer, parts)).toEqual(Array(5000).fill(0));
  });
});
