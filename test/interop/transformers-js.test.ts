import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { exportOnnx } from '../../src/disk/export-onnx.ts';
import { Decoder, generate, generateTokens, promptIds } from '../../src/generate/index.ts';
import { fromArray } from '../../src/tensor/index.ts';
import { type LoadedModel, loadModel } from '../support/load-model.ts';
import { hasShared, shared } from '../support/shared.ts';
import type { Request, Response } from './transformers-js-process.ts';

const isInstalled = existsSync(resolve('interop', 'node_modules', '@huggingface', 'transformers'));

const texts = [
  'Once upon a time, there was a little girl named Lily.',
  'Tom and his dog went to the park. They saw',
  'User: Hello! How are you?\nBot:',
  'One day, a big',
  'The sun was hot, so the boy',
  'User: What is your favourite food?\nBot: I like pizza.\nUser: Why?\nBot:',
  '"Can I play with you?" asked the cat.',
  'In the forest lived an old bear who',
  'She was sad because',
  'Mom said, "',
];
const newTokens = 64;

const models = [
  ['a GPT-2', 'tinystories-chat-3m-as-gpt2', 'User: Hello! How are you?\nBot:'],
  ['a Llama with grouped heads', 'tinystories-656k-llama', 'Once upon a time'],
] as const;

describe.skipIf(!hasShared || !isInstalled).each(models)('transformers.js loads %s and', (_, name, story) => {
  let pretrained: LoadedModel;
  let decoder: Decoder;
  let prompts: number[][];
  let root: string;
  let theirs: Response;

  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'tsgpt-transformers-js-'));
    pretrained = await loadModel(shared('models', name));
    decoder = new Decoder(pretrained.model);
    await exportOnnx(join(root, name), pretrained, { dtypes: ['fp32', 'q8'] });
    prompts = texts.map((text) => promptIds(pretrained.tokenizer!, text));
    theirs = await ask({ folder: join(root, name), prompts, batch: prompts, newTokens, story });
  }, 120_000);
  afterAll(async () => {
    await decoder?.dispose();
    await rm(root, { recursive: true });
  });

  const ours = async (prompt: readonly number[], by: Decoder) => {
    const ids: number[] = [];
    for await (const { id } of generateTokens(by, prompt, { temperature: 0, maxTokens: newTokens })) ids.push(id);
    return ids;
  };

  it('writes the tokens that we write', async () => {
    const expected = [];
    for (const prompt of prompts) expected.push(await ours(prompt, decoder));
    expect(theirs.greedy).toEqual(expected);
    // Prompts that all get the same answer would show little.
    expect(new Set(expected.map(String)).size).toBe(texts.length);
  });

  it('writes them also for all prompts side by side, the shorter ones padded in front', () => {
    expect(new Set(prompts.map(({ length }) => length)).size).toBeGreaterThan(5);
    expect(theirs.batch).toEqual(theirs.greedy);
  });

  it('computes our logits', async () => {
    const { model } = pretrained;
    const [ids] = prompts as [number[]];
    const logits = await model.unembed(model.features(fromArray(Int32Array.from(ids), [1, ids.length]))).data();
    expect(theirs.logits.flat().length).toBe(logits.length);
    const errors = theirs.logits.flat().map((logit, i) => Math.abs(logit - logits[i]!));
    expect(errors.reduce((a, b) => Math.max(a, b))).toBeLessThan(1e-3);
  });

  it('reads and writes text with its tokenizer, and ends where we end', async () => {
    const { tokenizer, stopTokens } = pretrained;
    expect(theirs.storyTokens).toEqual(promptIds(tokenizer!, story));
    let text = '';
    const options = { temperature: 0, maxTokens: 400, stopTokens };
    for await (const piece of generate(decoder, tokenizer!, story, options)) text += piece;
    expect(text.length).toBeGreaterThan(20);
    expect(theirs.story).toBe(text);
  });

  it('needs no network for it', () => {
    expect(theirs.fetched).toEqual([]);
  });

  it('computes with weights of 8 bits what we compute with them', async () => {
    const [ids] = prompts as [number[]];
    const request = { folder: join(root, name), prompts: [ids], batch: [ids], newTokens, story };
    const { logits } = await ask({ ...request, dtype: 'q8' });
    await using quantized = new Decoder(pretrained.model, { quantize: 'q8' });
    const expected = await quantized.score(quantized.createCache(), 0, ids);
    // Products also round their input to 8 bits, so the last digit of a number matters, and matters more with each layer.
    expect(distance(logits, expected)).toBeLessThan(0.5 * distance(theirs.logits, expected));
  });
});

/** The mean difference. */
function distance(a: readonly ArrayLike<number>[], b: readonly ArrayLike<number>[]): number {
  expect(a.length).toBe(b.length);
  const differences = a.flatMap((row, i) => Array.from(row, (value, j) => Math.abs(value - b[i]![j]!)));
  return differences.reduce((total, difference) => total + difference) / differences.length;
}

/** What a process with transformers.js answers. */
async function ask(request: Request): Promise<Response> {
  const script = fileURLToPath(new URL('./transformers-js-process.ts', import.meta.url));
  return new Promise((resolve, reject) => {
    const options = { maxBuffer: 2 ** 28 };
    const child = execFile(process.execPath, ['--import', 'tsx', script], options, (error, stdout) => {
      if (error) reject(error);
      else resolve(JSON.parse(stdout) as Response);
    });
    child.stdin!.end(JSON.stringify(request));
  });
}
