import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { openTokenizer } from '../../../../src/disk/open-tokenizer.ts';
import { saveTokenizer } from '../../../../src/disk/save-tokenizer.ts';
import { combineCounts } from '../../../../src/disk/tokenizer-training/combine-counts.ts';
import { trainTokenizerOnText } from '../../../../src/disk/tokenizer-training/train-on-text.ts';
import { WordSpill } from '../../../../src/disk/tokenizer-training/word-spill.ts';
import { Random } from '../../../../src/random/index.ts';
import { textSourceOf } from '../../../../src/text/index.ts';
import { GPT2Tokenizer } from '../../../../src/tokenizer/index.ts';
import { WordTable } from '../../../../src/tokenizer/training/word-table.ts';
import { runScript } from '../../../support/run-script.ts';
import { simpleMerges } from '../../../support/simple-merges.ts';

const root = mkdtempSync(join(tmpdir(), 'tsgpt-tokenizer-'));
afterAll(() => rmSync(root, { recursive: true }));

/** GPT-2's pattern as OpenAI wrote it, with Unicode's white space spelled out. */
const gpt2Word =
  /'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\p{White_Space}\p{L}\p{N}]+|\p{White_Space}+(?!\P{White_Space})|\p{White_Space}+/gu;

const letters = ['a', 'b', 'c', 'é', '中', '🙂', "'s", '1', '!', '<|sep|>'];

/** Random words; the same for the same seed. */
function randomText(seed: number, length: number, different: number): string {
  const random = new Random(seed);
  const lexicon = Array.from({ length: different }, () =>
    Array.from({ length: 1 + random.integer(6) }, () => letters[random.integer(letters.length)]).join(''),
  );
  const parts: string[] = [];
  for (let size = 0; size < length; size += parts.at(-1)!.length) {
    parts.push(lexicon[random.integer(different)]! + (random.integer(20) ? ' ' : '\n\n  '));
  }
  return parts.join('');
}

const options = { vocabSize: 320, specialTokens: ['<|endoftext|>', '<|sep|>'] };

const mergesOf = (json: string) => (JSON.parse(json) as { model: { merges: [string, string][] } }).model.merges;

describe('a tokenizer trained on a text', () => {
  test('has the merges of the definition with 1, 2 and 4 threads', async () => {
    const file = join(root, 'random.txt');
    const text = randomText(7, 5_000_000, 600);
    writeFileSync(file, text);
    const counts = new Map<string, number>();
    for (const part of text.split('<|sep|>')) {
      for (const word of part.match(gpt2Word) ?? []) counts.set(word, (counts.get(word) ?? 0) + 1);
    }
    const expected = simpleMerges(counts, options.vocabSize - 2);
    expect(expected.length).toBeGreaterThan(50);
    const visible = (await trainTokenizerOnText(textSourceOf('a'), { vocabSize: 258 })).tokenizer;
    expect(visible.vocabSize).toBe(257);
    const bytes = (characters: string) => String.fromCharCode(...fromVisible(characters));
    const mergesIn = (json: string) => mergesOf(json).map((pair) => [pair].flat().flatMap((both) => both.split(' ')));
    const here = await trainTokenizerOnText(textSourceOf(text), options);
    const source = (here.tokenizer.toJSON() as { tokenizerJson: string }).tokenizerJson;
    expect(mergesIn(source).map((pair) => pair.map(bytes))).toEqual(expected);
    for (const threads of [1, 2, 4]) {
      // Threads need the built package.
      const { value } = await runScript<{ json: string; threads: number }>(
        { '../dist/node.js': 'trainTokenizerOnText, openText' },
        `const { tokenizer, report } = await trainTokenizerOnText(await openText(${JSON.stringify(file)}),
           { ...${JSON.stringify(options)}, threads: ${threads} });
         return { json: tokenizer.toJSON().tokenizerJson, threads: report.threads };`,
      );
      expect(value.threads).toBe(Math.min(threads, Math.ceil(Buffer.byteLength(text) / 2e6)));
      expect(value.json).toBe(source);
    }
  }, 240_000);

  test('keeps to its memory on a text that is larger, and is what it would be without a limit', async () => {
    // 300,000 different words, which can all be merged, in 330 MB of text that is made while it is read.
    const program = (memory: number) => `
      const chunk = (from) => {
        const words = [];
        for (let i = 0; i < 100_000; i++) words.push(i % 3 ? 'the ' + (i % 1000).toString(36) : 'word' + ((Math.imul(from + i, 2654435761) >>> 0) % 300_000).toString().replace(/\\d/g, (digit) => 'abcdefghij'[digit]));
        return words.join(' ') + '\\n';
      };
      const bytes = 330_000_000;
      async function* chunks() {
        for (let sent = 0, n = 0; sent < bytes; n++) {
          const text = chunk(n * 100_003);
          sent += text.length;
          yield { text, bytes: text.length };
        }
      }
      const source = { path: 'made', bytes, documents: [{ path: 'made', bytes, chunks }] };
      const options = { vocabSize: 700, threads: 1, memory: ${memory} };
      const { tokenizer, report } = await trainTokenizerOnText(source, options);
      return { json: tokenizer.toJSON().tokenizerJson, report, peak: process.resourceUsage().maxRSS * 1024 };`;
    const imports = { 'disk/tokenizer-training/train-on-text.ts': 'trainTokenizerOnText' };
    type Value = { json: string; report: { spilledWords: number; differentWords: number }; peak: number };
    const { value: small } = await runScript<Value>(imports, program(320e6));
    const { value: large } = await runScript<Value>(imports, program(2e9));
    expect(small.report.spilledWords).toBeGreaterThan(500_000);
    expect(small.report.differentWords).toBeGreaterThan(300_000);
    expect(small.report).not.toHaveProperty('leftOut');
    expect(large.report.spilledWords).toBe(0);
    expect(small.json).toBe(large.json);
    expect(small.peak).toBeLessThan(320e6);
  }, 300_000);

  test('measures with the end of the text, of which it learns nothing', async () => {
    const source = textSourceOf(`${'abc abd '.repeat(2000)}${'xyz xyw '.repeat(600)}`);
    const { tokenizer, report } = await trainTokenizerOnText(source, { vocabSize: 300, heldOut: 0.25 });
    const { heldOut } = report;
    expect(heldOut!.bytes).toBeGreaterThan(5000);
    expect(heldOut!.bytes).toBeLessThan(5300);
    expect(heldOut!.bytesPerToken).toBeLessThan(1.4);
    expect(tokenizer.encode('abc abd').length).toBeLessThan(4);
    expect(tokenizer.encode(' xyz').length).toBe(4);
    expect(report.words).toBeLessThan(4000);
    const all = await trainTokenizerOnText(source, { vocabSize: 300 });
    expect(all.report.heldOut).toBeUndefined();
    expect(all.tokenizer.encode(' xyz').length).toBe(1);
  });

  test('stops when told to, leaving no file behind', async () => {
    const folder = mkdtempSync(join(root, 'stop-'));
    for (const stage of ['words', 'merges']) {
      const controller = new AbortController();
      const stop = new Error('enough');
      const training = trainTokenizerOnText(textSourceOf(randomText(3, 400_000, 20_000), { chunkLength: 10_000 }), {
        ...{ vocabSize: 20_000, temporaryFolder: folder, signal: controller.signal },
        onProgress: (progress) => progress.stage === stage && controller.abort(stop),
      });
      await expect(training).rejects.toBe(stop);
      expect(readdirSync(folder)).toEqual([]);
    }
  });

  test.each([
    [{ threads: 0 }, 'threads must be a whole number from 1 to 256'],
    [{ memory: 1e6 }, 'memory must be at least 320 MB'],
    [{ heldOut: 1 }, 'heldOut must be at least 0 and less than 1'],
    [{ vocabSize: 100 }, 'vocabSize must be a whole number from 257'],
    [{ minCount: 0 }, 'minCount must be a whole number of at least 1'],
    [{ pattern: { regex: '[' } }, 'has no equivalent in JavaScript'],
    [{ specialTokens: ['Ã©'] }, 'cannot be told from an ordinary one'],
    [{ temporaryFolder: join(root, 'missing') }, 'cannot make a folder in'],
  ])('refuses %j', async (wrong, message) => {
    await expect(
      trainTokenizerOnText(textSourceOf('some text'), { vocabSize: 300, ...wrong } as never),
    ).rejects.toThrow(message);
  });

  test('is saved, opened again, and never overwritten by accident', async () => {
    const { tokenizer } = await trainTokenizerOnText(textSourceOf(randomText(5, 50_000, 300)), options);
    const folder = join(root, 'saved');
    await saveTokenizer(folder, tokenizer);
    expect(readdirSync(folder).toSorted()).toEqual(['tokenizer.json', 'tokenizer_config.json', 'tokens.tiktoken']);
    for (const place of [folder, join(folder, 'tokenizer.json')]) {
      const opened = await openTokenizer(place);
      const text = randomText(6, 5000, 300);
      expect(opened.encode(text, { allowSpecial: true })).toEqual(tokenizer.encode(text, { allowSpecial: true }));
      expect(opened.endOfTextId).toBe(tokenizer.endOfTextId);
    }
    await expect(saveTokenizer(folder, tokenizer)).rejects.toThrow('which is not replaced');
    await saveTokenizer(folder, new GPT2Tokenizer(), { overwrite: true });
    const ranks = readFileSync(join(folder, 'tokens.tiktoken'), 'utf8').trimEnd().split('\n');
    expect(ranks).toHaveLength(50_256);
    expect(ranks[0]).toBe('IQ== 0');
    expect((await openTokenizer(folder)).encode('Hello')).toEqual([15496]);
  });
});

describe('words that went through files', () => {
  test('add up exactly, and only the rarest are left out', () => {
    const folder = mkdtempSync(join(root, 'spill-'));
    const exact = new WordTable();
    const counted = [0, 1, 2].map((thread) => {
      const spill = new WordSpill(join(folder, `words-${thread}`));
      const table = new WordTable();
      for (let round = 0; round < 3; round++) {
        for (let i = 0; i < 4000; i++) {
          const word = new TextEncoder().encode(i % 100 ? `${i}` : 'long'.repeat(i * 40));
          const count = i % 7 ? 1 : 2 ** 33 + i;
          table.addBytes(word, count);
          exact.addBytes(word, count);
        }
        if (round === 2) break;
        spill.write(table);
        table.clear();
      }
      spill.close();
      return { inMemory: table.parts(), spilled: spill.segments, spilledWords: spill.words };
    });
    const sorted = (table: WordTable) => Array.from(table.entries(), ([word, count]) => `${count} ${word}`).toSorted();
    const all = combineCounts(counted, 1e9, mkdtempSync(join(root, 'all-')));
    expect(sorted(all.table)).toEqual(sorted(exact));
    expect(all.leftOut).toBeUndefined();
    expect(all.spilledWords).toBe(3 * 3 * 4000);
    const some = combineCounts(counted, 3.8e6 * 16, mkdtempSync(join(root, 'some-')));
    const { below, words, occurrences } = some.leftOut!;
    expect(below).toBe(10); // those that occur once in each of nine rounds
    exact.keepFrequent(10);
    expect(sorted(some.table)).toEqual(sorted(exact));
    expect(occurrences).toBe(9 * words);
  });
});

/** The bytes of a token as GPT-2's files write them. */
function fromVisible(characters: string): number[] {
  const printable = (byte: number) => (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte !== 0xad);
  const others = Array.from({ length: 256 }, (_, byte) => byte).filter((byte) => !printable(byte));
  return Array.from(characters, (character) => {
    const point = character.codePointAt(0)!;
    return point < 0x100 ? point : others[point - 0x100]!;
  });
}
