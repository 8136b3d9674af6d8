import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { CharTokenizer } from '../../src/tokenizer/char.ts';
import { GPT2Tokenizer } from '../../src/tokenizer/gpt2.ts';
import { type HuggingFaceTokenizerFiles, readHuggingFaceTokenizer, type Tokenizer } from '../../src/tokenizer/index.ts';
import { anyText } from '../support/texts.ts';

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

const texts = [
  'data/the-verdict.txt',
  'data/tinyshakespeare.txt',
  'data/wikitext2-valid.txt',
  'data/tinystories-2MiB.txt',
];

describe.skipIf(!texts.every((file) => existsSync(shared(file))))("HuggingFaceTokenizer with GPT-2's files", () => {
  const read = (file: string) => readFileSync(shared(file), 'utf8');
  const gpt2 = new GPT2Tokenizer();
  // The files are not read here, because this runs even if the tests are skipped for want of them.
  let tokenizer: Tokenizer;
  beforeAll(() => {
    const files = { 'vocab.json': read('tokenizers/encoder.json'), 'merges.txt': read('tokenizers/vocab.bpe') };
    tokenizer = readHuggingFaceTokenizer(files)!;
  });

  it('has the same tokens', () => {
    expect(tokenizer.vocabSize).toBe(gpt2.vocabSize);
    expect(tokenizer.endOfTextId).toBe(gpt2.endOfTextId);
    for (let id = 0; id < gpt2.vocabSize; id++) expect(tokenizer.tokenBytes(id)).toEqual(gpt2.tokenBytes(id));
  });

  it('encodes random texts the same', () => {
    const anyUnits = fc.string({ unit: fc.nat(0xffff).map((unit) => String.fromCharCode(unit)), maxLength: 40 });
    fc.assert(
      fc.property(fc.oneof(anyText, anyUnits), fc.boolean(), (text, allowSpecial) => {
        expect(tokenizer.encode(text, { allowSpecial })).toEqual(gpt2.encode(text, { allowSpecial }));
      }),
      { numRuns: 3000 },
    );
  });

  it.each(texts)('encodes %s the same', (file) => {
    const text = read(file);
    const ids = tokenizer.encode(text);
    expect(ids).toEqual(gpt2.encode(text));
    expect(tokenizer.decode(ids)).toBe(text);
  });
});

const models = ['tinystories-656k-llama', 'tinystories-chat-3m-as-gpt2'];

/** The tokenizer in a model's folder. What it should give was computed by the Python package tokenizers 0.23.2. */
function publishedTokenizer(model: string) {
  const files: HuggingFaceTokenizerFiles = {};
  for (const name of ['tokenizer.json', 'tokenizer_config.json', 'vocab.json', 'merges.txt'] as const) {
    const file = shared(`models/${model}/${name}`);
    if (existsSync(file)) files[name] = readFileSync(file, 'utf8');
  }
  return readHuggingFaceTokenizer(files)!;
}

/** How many ids there are, and a checksum of them. */
const summary = (ids: number[]) => [ids.length, crc32(ids.join(' '))];

describe.skipIf(!models.every((model) => existsSync(shared(`models/${model}`))))(
  'tokenizers of published models',
  () => {
    const stories = () => readFileSync(shared('data/tinystories-2MiB.txt'), 'utf8');

    it('encodes as a Llama trained on TinyStories does', () => {
      const tokenizer = publishedTokenizer('tinystories-656k-llama');
      expect(tokenizer.vocabSize).toBe(2048);
      expect(tokenizer.beginOfTextIds).toEqual([1]);
      expect(tokenizer.endOfTextId).toBe(2);
      expect(tokenizer.decode([1, 2, 0])).toBe('<|start_story|><|end_story|><unk>');

      const known: [string, number[]][] = [
        ['Once upon a time, there was a little girl named Lily.', [80, 147, 201, 282, 215, 286, 598, 629, 10]],
        ['She said,  "Thank you!"\n\nThe end.', [80, 892, 174, 94, 80, 5, 45, 735, 173, 572, 1767, 183, 10]],
        [' a', [80, 85]],
        ['a', [85]],
        ['<|start_story|>Once', [270, 682]],
      ];
      for (const [text, ids] of known) {
        expect(tokenizer.encode(text)).toEqual(ids);
        expect(tokenizer.decode(ids)).toBe(text);
      }
      // It has neither é nor bytes to write it with.
      expect(tokenizer.encode('café')).toEqual([80, 295, 58, 0]);
      // Told to, it reads what its template puts before every text.
      const allowSpecial = true;
      const [[text, ids]] = known as [[string, number[]]];
      expect(tokenizer.encode(`<|start_story|>${text}<|end_story|>`, { allowSpecial })).toEqual([1, ...ids, 2]);
      expect(summary(tokenizer.encode(stories().slice(0, 200_000)))).toEqual([51_299, 2_122_741_040]);
    });

    it('encodes as a small GPT-2 does, from vocab.json and merges.txt', () => {
      const tokenizer = publishedTokenizer('tinystories-chat-3m-as-gpt2');
      expect(tokenizer.vocabSize).toBe(14_019);
      expect(tokenizer.beginOfTextIds).toEqual([]);
      expect(tokenizer.endOfTextId).toBe(14_018);

      const prompt = [7815, 25, 9430, 0, 1329, 389, 345, 30, 198, 9961, 25];
      expect(tokenizer.encode('User: Hello! How are you?\nBot:')).toEqual(prompt);
      const traps = "It's 12 o'clock, they'll say 你好\ufeff\n\n  end";
      const ids = [1007, 338, 1084, 267, 6, 8693, 11, 484, 1157, 897, 220, 160, 121, 254, 161, 98, 121, 171, 119, 123];
      expect(tokenizer.encode(traps)).toEqual([...ids, 626, 220, 873]);
      expect(tokenizer.encode('<|endoftext|>')).toEqual([27, 91, 437, 1585, 4243, 91, 29]);
      expect(tokenizer.encode('<|endoftext|>', { allowSpecial: true })).toEqual([14_018]);

      const text = stories();
      expect(summary(tokenizer.encode(text.slice(0, 200_000)))).toEqual([49_701, 498_574_613]);
      expect(tokenizer.decode(tokenizer.encode(text))).toBe(text);
    });
  },
);

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
