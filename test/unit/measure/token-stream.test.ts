import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type TextToken, tokenStream } from '../../../src/measure/index.ts';
import { textSourceOf } from '../../../src/text/index.ts';
import { CharTokenizer, GPT2Tokenizer, HuggingFaceTokenizer, type Tokenizer } from '../../../src/tokenizer/index.ts';
import { sourceOfDocuments } from '../../support/measured-models.ts';
import { charactersFile, publishedForms } from '../../support/published-forms.ts';

async function piecesOf(text: string, chunkLength: number, tokenizer: Tokenizer): Promise<TextToken[][]> {
  const pieces: TextToken[][] = [];
  for await (const piece of tokenStream(textSourceOf(text, { chunkLength }), tokenizer)) pieces.push(piece);
  return pieces;
}

const idsOf = (pieces: readonly TextToken[][]) => pieces.flat().map(({ id }) => id);
const sumOf = (pieces: readonly TextToken[][], size: 'bytes' | 'characters') =>
  pieces.flat().reduce((sum, token) => sum + token[size], 0);

const words = [
  'the',
  'cat',
  "it's",
  '12,345',
  'Ünïcödé',
  '日本語のテキスト',
  '👩‍👩‍👧',
  '!?',
  '...',
  'é',
  '<|endoftext|>',
  'x'.repeat(30),
];
const spaces = [' ', ' ', ' ', ' ', '\n', '\n\n', '  ', '\t', ', ', '', '. '];
const longText = fc
  .array(fc.tuple(fc.constantFrom(...words), fc.constantFrom(...spaces)), { minLength: 150, maxLength: 400 })
  .map((parts) => parts.flat().join(''));
const chunkLengths = fc.integer({ min: 50, max: 2000 });

const tokenizers: [string, Tokenizer][] = [
  ['GPT-2', new GPT2Tokenizer()],
  ['characters', CharTokenizer.fromText([...words, ...spaces].join(''))],
  ...publishedForms.map(({ name, file }): [string, Tokenizer] => [name, new HuggingFaceTokenizer(file)]),
];

describe('a stream of tokens', () => {
  it.each(tokenizers)('gives those of the whole text: %s', async (_, tokenizer) => {
    const attempt = fc.asyncProperty(longText, chunkLengths, async (text, chunkLength) => {
      expect(idsOf(await piecesOf(text, chunkLength, tokenizer))).toEqual(tokenizer.encode(text));
    });
    await fc.assert(attempt, { numRuns: 15 });
  });

  it('has the sizes of the text, whatever the tokenizer makes of it', async () => {
    for (const [, tokenizer] of tokenizers) {
      const text = 'Ünïcödé the cat, 日本語のテキスト.\n 👩‍👩‍👧'.repeat(40);
      const pieces = await piecesOf(text, 333, tokenizer);
      expect(sumOf(pieces, 'bytes')).toBeCloseTo(Buffer.byteLength(text), 6);
      expect(sumOf(pieces, 'characters')).toBeCloseTo([...text].length, 6);
    }
  });

  it('has the sizes of the very tokens where they are the text', async () => {
    const tokenizer = new GPT2Tokenizer();
    const tokens = (await piecesOf('the café 日', 100, tokenizer)).flat();
    for (const { id, bytes } of tokens) expect(bytes).toBe(tokenizer.tokenBytes(id).length);
    expect(tokens.map(({ characters }) => characters)).toEqual([3, 5, 2, 0, 0]);
  });

  it('holds back only a little', async () => {
    for (const tokenizer of [new GPT2Tokenizer(), new HuggingFaceTokenizer(charactersFile())]) {
      const pieces = await piecesOf('the cat sat on the mat, and it was sad. '.repeat(500), 1000, tokenizer);
      const total = pieces.flat().length;
      let given = 0;
      for (const [i, piece] of pieces.entries()) {
        given += piece.length;
        expect(given).toBeGreaterThan((total * (i + 1)) / pieces.length - 400);
      }
    }
  });

  it('has the end of a text between two documents', async () => {
    const tokenizer = new GPT2Tokenizer();
    const pieces: TextToken[][] = [];
    for await (const piece of tokenStream(sourceOfDocuments('the cat', 'it'), tokenizer)) pieces.push(piece);
    const expected = [...tokenizer.encode('the cat'), tokenizer.endOfTextId, ...tokenizer.encode('it')];
    expect(idsOf(pieces)).toEqual(expected);
    expect(sumOf(pieces, 'bytes')).toBe(9);
    expect(pieces.flat().find(({ id }) => id === tokenizer.endOfTextId)).toMatchObject({ bytes: 0, characters: 0 });
  });
});
