import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, vi } from 'vitest';
import { TsgptError } from '../../src/core/errors.ts';
import type { DownloadOptions } from '../../src/disk/hub/index.ts';
import { formatSafetensorsHeader } from '../../src/formats/safetensors/writer.ts';
import { FakeHub } from './fake-hub.ts';

export const name = 'openai-community/gpt2';
export const commit = '607a30d783dfa663caf39e06633721c8d4cfcd7e';

/** A safetensors file of one float32 tensor. */
export function weights(tensor: string, elements: number, seed = 1): Buffer {
  const data = Float32Array.from({ length: elements }, (_, i) => Math.sin(seed + i));
  const header = formatSafetensorsHeader([{ name: tensor, dtype: 'F32', shape: [elements] }]);
  return Buffer.concat([header, Buffer.from(data.buffer)]);
}

/** What the repository of a small GPT-2 has: what is needed, and what is not. */
export function gpt2Files(): Record<string, Buffer> {
  return {
    '.gitattributes': Buffer.from('*.bin filter=lfs'),
    'README.md': Buffer.from('# GPT-2'),
    'config.json': Buffer.from('{"model_type": "gpt2"}'),
    'generation_config.json': Buffer.from('{}'),
    'merges.txt': Buffer.from('#version: 0.2\n'),
    'model.safetensors': weights('wte.weight', 50_000),
    'onnx/decoder_model.onnx': Buffer.alloc(2000, 3),
    'pytorch_model.bin': Buffer.alloc(3000, 4),
    'tokenizer.json': Buffer.from('{"model": {}}'),
    'vocab.json': Buffer.alloc(0),
  };
}

/** A model whose weights are in two shards. */
export function shardedFiles(): Record<string, Buffer> {
  const shards = ['model-00001-of-00002.safetensors', 'model-00002-of-00002.safetensors'] as const;
  const index = { metadata: {}, weight_map: { a: shards[0], b: shards[1] } };
  return {
    'config.json': Buffer.from('{"model_type": "llama"}'),
    [shards[0]]: weights('a', 10_000),
    [shards[1]]: weights('b', 20_000, 7),
    'model.safetensors.index.json': Buffer.from(JSON.stringify(index)),
    'original.safetensors': Buffer.alloc(100),
  };
}

/** A hub with one model and an empty cache, for each test. No environment variable can change the outcome. */
export function useFakeHub() {
  const used = { hub: new FakeHub(), cache: '' };
  beforeEach(async () => {
    used.hub = new FakeHub();
    await used.hub.start();
    used.hub.models.set(name, { commit, files: gpt2Files() });
    used.cache = mkdtempSync(join(tmpdir(), 'tsgpt-hub-'));
    for (const variable of Object.keys(process.env))
      if (/^HF_|^HUGGING/.test(variable)) vi.stubEnv(variable, undefined);
    vi.stubEnv('HF_HOME', join(used.cache, 'home'));
  });
  afterEach(async () => {
    vi.unstubAllEnvs();
    await used.hub.stop();
    rmSync(used.cache, { recursive: true });
  });
  return {
    get hub(): FakeHub {
      return used.hub;
    },
    get cache(): string {
      return used.cache;
    },
    /** For a hub that is asked again at once after a failure. */
    options(more: DownloadOptions = {}): DownloadOptions {
      const { retries, ...rest } = more;
      return {
        endpoint: used.hub.endpoint,
        cacheFolder: used.cache,
        retries: { firstDelay: 0.001, timeout: 5, ...retries },
        ...rest,
      };
    },
  };
}

/** The sentence a promise fails with. */
export async function sentenceOf(promise: Promise<unknown>): Promise<string> {
  const error = await promise.then(
    () => expect.fail('it did not fail'),
    (error: unknown) => error,
  );
  expect(error, (error as Error).stack).toBeInstanceOf(TsgptError);
  const { message } = error as Error;
  expect(message).toMatch(/^[^A-Z\n][^\n]*[;,] [^\n]*[^.\n]$/); // what is wrong; what to do
  return message;
}
