import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeText } from '../../../src/text/encode-text.ts';
import { scanCharacters } from '../../../src/text/scan-characters.ts';
import { type TextProgress, type TextSource, textSourceOf } from '../../../src/text/text-source.ts';
import { CharTokenizer } from '../../../src/tokenizer/char.ts';
import { GPT2Tokenizer } from '../../../src/tokenizer/gpt2.ts';
import { HuggingFaceTokenizer } from '../../../src/tokenizer/hugging-face/tokenizer.ts';
import type { Tokenizer } from '../../../src/tokenizer/tokenizer.ts';
import { publishedForms } from '../../support/published-forms.ts';
import { anyText } from '../../support/texts.ts';

const gpt2 = new GPT2Tokenizer();
const chunkLengths = fc.integer({ min: 1, max: 12 });

/** A source of several documents in memory. */
function documentsOf(...texts: string[]): TextSource {
  const documents = texts.flatMap((text) => textSourceOf(text).documents);
  return { path: 'documents', documents, bytes: documents.reduce((sum, { bytes }) => sum + bytes, 0) };
}

describe('encodeText', () => {
  it('gives the same ids however the text is cut into chunks', async () => {
    await fc.assert(
      fc.asyncProperty(anyText, chunkLengths, async (text, chunkLength) => {
        const ids = await encodeText(textSourceOf(text, { chunkLength }), gpt2);
        expect([...ids]).toEqual(gpt2.encode(text));
      }),
      { numRuns: 1000 },
    );
  });

  it('does so for long texts, of which most is done before the end is known', async () => {
    const longTexts = fc.array(anyText, { minLength: 50, maxLength: 200 }).map((parts) => parts.join(' '));
    await fc.assert(
      fc.asyncProperty(longTexts, fc.integer({ min: 20, max: 500 }), async (text, chunkLength) => {
        const ids = await encodeText(textSourceOf(text, { chunkLength }), gpt2);
        expect([...ids]).toEqual(gpt2.encode(text));
      }),
      { numRuns: 50 },
    );
  });

  it.each(publishedForms)('does so whatever the tokenizer takes for a word: $name', async ({ file }) => {
    const tokenizer = new HuggingFaceTokenizer(file);
    const text = "Once upon a time,  it's\n\n\t12,345 Ünïcödé 日本語のテキスト !?... <|endoftext|>the end ".repeat(60);
    for (const chunkLength of [97, 1001]) {
      const ids = await encodeText(textSourceOf(text, { chunkLength }), tokenizer);
      expect([...ids]).toEqual(tokenizer.encode(text));
    }
  });

  it('does so for text full of white space, contractions and special tokens', async () => {
    const parts = fc.constantFrom(
      ' ',
      '  ',
      '\n',
      '\u0085',
      '\ufeff',
      "'",
      "'s",
      "I'll",
      'word',
      '12',
      '?!',
      '<|endoftext|>',
    );
    const texts = fc.array(parts, { maxLength: 300 }).map((some) => some.join(''));
    await fc.assert(
      fc.asyncProperty(texts, chunkLengths, fc.boolean(), async (text, chunkLength, allowSpecial) => {
        const ids = await encodeText(textSourceOf(text, { chunkLength }), gpt2, { allowSpecial });
        expect([...ids]).toEqual(gpt2.encode(text, { allowSpecial }));
      }),
      { numRuns: 1000 },
    );
  });

  it('encodes characters in chunks', async () => {
    const text = 'to be, \u{1f600} or not to be';
    const source = textSourceOf(text, { chunkLength: 3 });
    const tokenizer = await scanCharacters(source);
    expect(tokenizer.toJSON()).toEqual(CharTokenizer.fromText(text).toJSON());
    expect(tokenizer.decode(await encodeText(source, tokenizer))).toBe(text);
  });

  it('keeps every character of a text without white space', async () => {
    const text = 'ACGT\u{1f600}'.repeat(50_000);
    const ids = await encodeText(textSourceOf(text, { chunkLength: 10_001 }), gpt2);
    expect(gpt2.decode(ids) === text).toBe(true);
  });

  it('puts the end-of-text token between documents, if there is one', async () => {
    const source = documentsOf('one two', ' three', 'four');
    const ids = [...gpt2.encode('one two'), 50_256, ...gpt2.encode(' three'), 50_256, ...gpt2.encode('four')];
    expect([...(await encodeText(source, gpt2))]).toEqual(ids);
    const characters = await scanCharacters(source);
    expect(characters.decode(await encodeText(source, characters))).toBe('one two threefour');
  });

  it('uses 16 bits when they are enough', async () => {
    const source = textSourceOf('some text');
    expect(await encodeText(source, gpt2)).toBeInstanceOf(Uint16Array);
    const large: Tokenizer = {
      kind: 'large',
      vocabSize: 2 ** 16 + 1,
      encode: () => [2 ** 16],
      decode: () => '',
      tokenBytes: () => new Uint8Array(),
      streamDecoder: () => ({ push: () => '', end: () => '' }),
      toJSON: () => ({ kind: 'gpt2' }),
    };
    const ids = await encodeText(source, large);
    expect(ids).toBeInstanceOf(Uint32Array);
    expect(ids[0]).toBe(2 ** 16);
  });

  it('reports progress up to the end', async () => {
    const progress: TextProgress[] = [];
    const source = textSourceOf('äöü and so on', { chunkLength: 5 });
    await encodeText(source, gpt2, { onProgress: (report) => progress.push(report) });
    expect(progress).toEqual([8, 13, 16].map((bytesRead) => ({ bytesRead, bytesTotal: 16 })));
  });

  it('stops when told to', async () => {
    const controller = new AbortController();
    const source = textSourceOf('one two three', { chunkLength: 4 });
    const encoding = encodeText(source, gpt2, {
      signal: controller.signal,
      onProgress: () => controller.abort(new Error('enough')),
    });
    await expect(encoding).rejects.toThrow('enough');
  });
});
