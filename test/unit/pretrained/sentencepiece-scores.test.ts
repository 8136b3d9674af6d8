import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { MetadataToWrite } from '../../../src/formats/gguf/index.ts';
import { ggufTokenizer } from '../../../src/pretrained/gguf-tokenizer/index.ts';
import { publishedTokenizer } from '../../../src/tokenizer/hugging-face/write-files.ts';
import { type Tokenizer, tokenizerFromJSON } from '../../../src/tokenizer/index.ts';
import { firstTokens, sentencePieceMetadata, tokenizerOf } from '../../support/gguf-vocabulary.ts';

/** SentencePiece's rule, word by word: of all neighbours that make a token, the best score merges, and of equal ones the leftmost. */
function mergedByScores(text: string, scores: Readonly<Record<string, number>>): string[] {
  const parts = [...text];
  for (;;) {
    let best = -1;
    for (let i = 0; i + 1 < parts.length; i++) {
      const score = scores[parts[i]! + parts[i + 1]!];
      if (score !== undefined && (best < 0 || score > scores[parts[best]! + parts[best + 1]!]!)) best = i;
    }
    if (best < 0) return parts;
    parts.splice(best, 2, parts[best]! + parts[best + 1]!);
  }
}

/** Tokens of four letters and the space; most of them share one of few scores. */
const vocabulary = fc
  .dictionary(
    fc.array(fc.constantFrom(...'abc▁'), { minLength: 2, maxLength: 5 }).map((letters) => letters.join('')),
    fc.integer({ min: -3, max: 0 }),
    { minKeys: 1, maxKeys: 30, noNullPrototype: true },
  )
  .map((tokens): Record<string, number> => ({ ...tokens, a: -9, b: -9, c: -9, '▁': -9 }));
const texts = fc.array(fc.constantFrom('a', 'b', 'c', ' '), { maxLength: 40 }).map((letters) => letters.join(''));

const piecesOf = (tokenizer: Tokenizer, text: string, names: readonly string[]) =>
  tokenizer.encode(text).map((id) => names[id]!);

describe('a SentencePiece vocabulary with equal scores', () => {
  it('merges the leftmost of equally good pairs first, also after it was saved and written again', async () => {
    await fc.assert(
      fc.asyncProperty(vocabulary, fc.array(texts, { minLength: 1, maxLength: 8 }), async (scores, texts) => {
        const read = (await tokenizerOf(sentencePieceMetadata(scores)))!;
        const saved = tokenizerFromJSON(JSON.parse(JSON.stringify(read.toJSON())));
        const names = [...firstTokens, ...Object.keys(scores)];
        const expected = texts.map((text) => mergedByScores(`▁${text}`.replaceAll(' ', '▁'), scores));
        for (const tokenizer of [read, saved]) {
          expect(texts.map((text) => piecesOf(tokenizer, text, names))).toEqual(
            texts.map((text, i) => (text === '' ? [] : expected[i])),
          );
        }
        // Not every vocabulary can be written: a token may be one that its own text never becomes.
        let metadata: Record<string, MetadataToWrite>;
        try {
          metadata = ggufTokenizer(read, names.length);
        } catch (error) {
          expect((error as Error).message).toContain('cannot be written as GGUF');
          return;
        }
        const again = (await tokenizerOf(metadata))!;
        expect(texts.map((text) => again.encode(text))).toEqual(texts.map((text) => read.encode(text)));
      }),
      { numRuns: 300 },
    );
  });

  // Llama 2's vocabulary has tokens of 2 to 16 spaces, all with the score -1e9.
  const spaces = Object.fromEntries(Array.from({ length: 16 }, (_, i) => ['▁'.repeat(i + 1), -1e9]));

  it('is that of Llama 2: white space becomes the longest tokens, from the left', async () => {
    const tokenizer = (await tokenizerOf(sentencePieceMetadata({ ...spaces, a: -5, '▁a': -1 })))!;
    const lengths = (count: number) =>
      tokenizer.encode(`${' '.repeat(count)}a`).map((id) => tokenizer.tokenBytes(id).length);
    expect(lengths(0)).toEqual([2]); // ▁a
    expect(lengths(4)).toEqual([4, 2]);
    expect(lengths(16)).toEqual([16, 2]);
    expect(lengths(37)).toEqual([16, 16, 5, 2]);
  });

  it('is listed for Hugging Face in the order of its own conversion, without ranks', async () => {
    const tokenizer = (await tokenizerOf(sentencePieceMetadata({ a: 0, b: 0, aa: -2, ab: -2, aab: -2, ba: -1 })))!;
    const { model } = publishedTokenizer(tokenizer).tokenizer;
    expect(model).not.toHaveProperty('ranks');
    expect((model.merges as (string | string[])[]).map((pair) => [pair].flat().join(' '))).toEqual([
      ...['b a', 'aa b', 'a ab', 'a a', 'a b'],
    ]);
  });

  it('refuses a score that is no number', async () => {
    await expect(tokenizerOf(sentencePieceMetadata({ a: 0, aa: Number.NaN }))).rejects.toThrow(
      'token 260 of its vocabulary has the score NaN',
    );
  });
});
