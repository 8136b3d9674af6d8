import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { saveTokenizer } from '../../src/disk/save-tokenizer.ts';
import { type Tokenizer, trainTokenizer } from '../../src/tokenizer/index.ts';
import { patternNames, wordPatterns } from '../../src/tokenizer/training/patterns.ts';
import { anyText } from '../support/texts.ts';

const isInstalled = (name: string) => existsSync(resolve('interop', 'node_modules', name));
const specialTokens = ['<|endoftext|>', '<|sep|>'];

const novel = readFileSync('data/pride-and-prejudice.txt', 'utf8');
/** What tokenizers learn from: English, and letters, signs and white space of other kinds. */
const text = `${novel.slice(0, 15_000)}\n${"I'LL pay 12345 €, they'd say…  日本語の文 ٣٤٥ 👩‍👩‍👧 e\u0301é\r\n\r\n\tÜber".repeat(30)}`;

/** Texts of all kinds, the same in every run, and some of the novel that was not learned. */
const texts = [
  ...fc.sample(anyText, { numRuns: 400, seed: 1 }),
  ...fc.sample(fc.array(anyText).map((parts) => parts.join('<|sep|>')), { numRuns: 50, seed: 2 }), // biome-ignore format: a list
  novel.slice(100_000, 150_000),
];

/** transformers.js in a process of its own, since it brings an ONNX Runtime of its own. */
const program = `
  import { createRequire } from 'node:module';
  import { json } from 'node:stream/consumers';
  const require = createRequire(process.cwd() + '/interop/package.json');
  const { env, AutoTokenizer } = require('@huggingface/transformers');
  const { root, texts } = await json(process.stdin);
  Object.assign(env, { allowRemoteModels: false, localModelPath: root, useFSCache: false });
  const tokenizer = await AutoTokenizer.from_pretrained('tokenizer');
  const ids = texts.map((text) => tokenizer.encode(text));
  process.stdout.write(JSON.stringify({ ids, texts: ids.map((row) => (row.length ? tokenizer.decode(row) : '')) }));`;

function transformersJs(root: string): Promise<{ ids: number[][]; texts: string[] }> {
  return new Promise((resolve, reject) => {
    const args = ['--input-type=module', '-e', program];
    const child = execFile(process.execPath, args, { maxBuffer: 2 ** 28 }, (error, stdout) =>
      error ? reject(error) : resolve(JSON.parse(stdout)),
    );
    child.stdin!.end(JSON.stringify({ root, texts: forTransformersJs }));
  });
}

/** JavaScript's white space, which transformers.js cuts words by, is Unicode's but for these two characters. */
const forTransformersJs = texts.map((text) => text.replace(/[\u0085\ufeff]/g, ''));

describe.each(patternNames)('a tokenizer trained with the pattern %s', (pattern) => {
  let root: string;
  let tokenizer: Tokenizer;
  const encode = (text: string) => tokenizer.encode(text, { allowSpecial: true });
  beforeAll(async () => {
    root = mkdtempSync(join(tmpdir(), 'tsgpt-trained-tokenizer-'));
    tokenizer = await trainTokenizer([text], { vocabSize: 700, pattern, specialTokens });
    await saveTokenizer(join(root, 'tokenizer'), tokenizer);
  });
  afterAll(() => rmSync(root, { recursive: true }));

  it.skipIf(!isInstalled('@huggingface/transformers'))('gives the same ids and texts in transformers.js', async () => {
    const { ids, texts: decoded } = await transformersJs(root);
    expect(ids).toEqual(forTransformersJs.map(encode));
    expect(decoded).toEqual(forTransformersJs);
  });

  it.skipIf(!isInstalled('tiktoken'))('gives the same ids in tiktoken, from its file of ranks', async () => {
    const require = createRequire(resolve('interop', 'package.json'));
    const { Tiktoken } = require('tiktoken');
    const ranks = readFileSync(join(root, 'tokenizer', 'tokens.tiktoken'), 'utf8');
    const special_tokens = Object.fromEntries(
      specialTokens.map((token, i) => [token, tokenizer.vocabSize - specialTokens.length + i]),
    );
    const tiktoken = new Tiktoken(ranks, special_tokens, wordPatterns[pattern]);
    expect(texts.map((text) => Array.from(tiktoken.encode(text, 'all')))).toEqual(texts.map(encode));
    tiktoken.free();
  });
});
