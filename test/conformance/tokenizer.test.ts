import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CharTokenizer } from '../../src/tokenizer/char.ts';
import { GPT2Tokenizer } from '../../src/tokenizer/gpt2.ts';
import { anyText } from '../unit/tokenizer/texts.ts';

// OpenAI's published vocabulary and the texts that tutorials use; without them there is nothing to compare with.
const shared = (file: string) => path.resolve('../shared', file);
const files = ['tokenizers/encoder.json', 'tokenizers/vocab.bpe', 'data/the-verdict.txt', 'data/tinyshakespeare.txt'];

describe.skipIf(!files.every((file) => existsSync(shared(file))))("GPT-2's published tokenizer", () => {
  const read = (file: string) => readFileSync(shared(file), 'utf8');
  const tokenizer = new GPT2Tokenizer();

  it('has the same bytes for every id', () => {
    const published = publishedIds(read);
    expect(published.size).toBe(tokenizer.vocabSize);
    for (const [token, id] of published) {
      const ours = id === 50_256 ? tokenizer.decode([id]) : visible(tokenizer.tokenBytes(id));
      expect(ours).toBe(token);
    }
  });

  it('encodes random texts the same', () => {
    const encode = publishedEncoding(read);
    fc.assert(
      fc.property(anyText, (text) => {
        expect(tokenizer.encode(text)).toEqual(encode(text));
      }),
      { numRuns: 2000 },
    );
  });

  it('encodes long words of random letters and bytes the same', () => {
    const encode = publishedEncoding(read);
    const letters = fc.string({ unit: fc.constantFrom(...'aeinorst'), minLength: 20, maxLength: 200 });
    const repeated = fc.string({ unit: fc.constantFrom('a', 'b'), minLength: 20, maxLength: 200 });
    const signs = fc.string({ unit: fc.constantFrom(...'=-*~.é→'), minLength: 20, maxLength: 200 });
    fc.assert(
      fc.property(fc.oneof(letters, repeated, signs), (text) => {
        expect(tokenizer.encode(text)).toEqual(encode(text));
      }),
      { numRuns: 1000 },
    );
  });

  it.each([
    ['data/the-verdict.txt', Number.POSITIVE_INFINITY],
    ['data/tinyshakespeare.txt', 200_000],
  ])('encodes %s the same', (file, length) => {
    const text = read(file).slice(0, length);
    expect(tokenizer.encode(text)).toEqual(publishedEncoding(read)(text));
  });

  it('has the character vocabulary of nanoGPT for Shakespeare', () => {
    const text = read('data/tinyshakespeare.txt');
    const characters = CharTokenizer.fromText(text);
    expect(characters.vocabSize).toBe(65);
    expect(characters.toJSON()).toEqual({
      kind: 'char',
      characters: "\n !$&',-.3:;?ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz",
    });
    expect(characters.decode(characters.encode(text))).toBe(text);
  });
});

/**
 * The published files write every byte as a visible character: a printable one as itself, the others as those from
 * U+0100 on.
 */
const byteCharacters = (() => {
  const characters: string[] = [];
  let others = 0x100;
  for (let byte = 0; byte < 256; byte++) {
    const printable = (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174;
    characters.push(String.fromCharCode(printable ? byte : others++));
  }
  return characters;
})();

const visible = (bytes: Uint8Array) => Array.from(bytes, (byte) => byteCharacters[byte]).join('');

function publishedIds(read: (file: string) => string): Map<string, number> {
  return new Map(Object.entries(JSON.parse(read('tokenizers/encoder.json')) as Record<string, number>));
}

/** Byte-pair encoding from the published files, as plainly as it can be written: one merge after another. */
function publishedEncoding(read: (file: string) => string): (text: string) => number[] {
  const ids = publishedIds(read);
  const lines = read('tokenizers/vocab.bpe').trimEnd().split('\n').slice(1);
  const rank = new Map(lines.map((pair, i) => [pair, i]));
  // GPT-2's own pattern, for an engine whose \s is Unicode's white space.
  const pattern = "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+";
  const words = new RegExp(pattern.replaceAll('\\s', '\\p{White_Space}').replaceAll('\\S', '\\P{White_Space}'), 'gu');

  return (text) => {
    const encoded: number[] = [];
    for (const [word] of text.matchAll(words)) {
      const parts = Array.from(new TextEncoder().encode(word), (byte) => byteCharacters[byte]!);
      for (;;) {
        let best = -1;
        let bestRank = Number.POSITIVE_INFINITY;
        for (let i = 0; i + 1 < parts.length; i++) {
          const pairRank = rank.get(`${parts[i]} ${parts[i + 1]}`) ?? Number.POSITIVE_INFINITY;
          if (pairRank < bestRank) [best, bestRank] = [i, pairRank];
        }
        if (best < 0) break;
        parts.splice(best, 2, `${parts[best]}${parts[best + 1]}`);
      }
      for (const part of parts) encoded.push(ids.get(part)!);
    }
    return encoded;
  };
}
