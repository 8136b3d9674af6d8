import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { LanguageModel } from '../../../src/models/index.ts';
import { saveGguf, savePretrained } from '../../../src/pretrained/index.ts';
import { CharTokenizer } from '../../../src/tokenizer/index.ts';
import { saveCheckpoint } from '../../../src/train/index.ts';
import { runScript } from '../../support/run-script.ts';
import { tinyGPT2, tinyLlama } from '../../support/tiny-models.ts';

const root = mkdtempSync(join(tmpdir(), 'tsgpt-absurd-'));
afterAll(() => rmSync(root, { recursive: true }));
let count = 0;
const fresh = (name: string) => join(root, `${count++}-${name}`);

/** What loading is refused with, in a process of its own: without the check, it runs out of memory and dies. */
async function refusal(load: string, path: string): Promise<{ value: string; growth: number; milliseconds: number }> {
  const imports = {
    'pretrained/load-pretrained.ts': 'loadPretrained',
    'pretrained/load-decoder.ts': 'loadDecoder',
    'train/checkpoint.ts': 'loadCheckpoint',
    'errors.ts': 'TsgptError',
  };
  const cache = JSON.stringify(fresh('cache'));
  return runScript(
    imports,
    `const quantized = (path) => loadDecoder(path, { quantize: 'q8', cacheFolder: ${cache} });
     try { await ${load}(${JSON.stringify(path)}); } catch (error) {
       if (error instanceof TsgptError) return error.message;
       throw error;
     }
     return 'loaded';`,
  );
}

async function expectRefused(load: string, path: string, message: RegExp): Promise<void> {
  const { value, growth, milliseconds } = await refusal(load, path);
  expect(value).toMatch(message);
  expect(value).toMatch(/^[^\n]+$/);
  expect(growth).toBeLessThan(64 * 2 ** 20);
  expect(milliseconds).toBeLessThan(5000); // a twentieth of that is usual, but other programs may run
}

const models: [string, string, () => LanguageModel][] = [
  ['GPT-2', 'n_layer', () => tinyGPT2()],
  ['Llama', 'num_hidden_layers', () => tinyLlama()],
];

describe.each(models)('a %s with more blocks than its weights have', (_, field, create) => {
  it.each([3, 1e8])('is refused in a folder, before %s blocks are built', async (blocks) => {
    const folder = fresh('model');
    await savePretrained(folder, { model: create() });
    const path = join(folder, 'config.json');
    writeFileSync(path, JSON.stringify({ ...JSON.parse(readFileSync(path, 'utf8')), [field]: blocks }));
    const message = new RegExp(
      `^cannot load .*: the configuration asks for ${blocks} blocks, but the weights have no tensor \\S+\\.2\\.\\S+, .*; get `,
    );
    await expectRefused('loadPretrained', folder, message);
    if (blocks === 1e8) for (const load of ['loadDecoder', 'quantized']) await expectRefused(load, folder, message);
  });

  it.each([1e8, 4e9])('is refused in a GGUF file, before %s blocks are built', async (blocks) => {
    const path = fresh('model.gguf');
    await saveGguf(path, { model: create() });
    const bytes = readFileSync(path);
    const key = bytes.indexOf('.block_count');
    bytes.writeUInt32LE(blocks, key + '.block_count'.length + 4); // after the value's type
    writeFileSync(path, bytes);
    const message = new RegExp(
      `^cannot load .*: the configuration asks for ${blocks} blocks, but the weights have no tensor blk\\.2\\.\\S+, .*; get `,
    );
    await expectRefused('loadPretrained', path, message);
    if (blocks === 1e8) await expectRefused('quantized', path, message);
  });

  it.each([1e8])('is refused in a checkpoint, before %s blocks are built', async (nLayers) => {
    const folder = fresh('run');
    await saveCheckpoint(folder, ['best'], { model: create(), tokenizer: new CharTokenizer('abc'), step: 1 });
    const path = join(folder, 'best.json');
    const file = JSON.parse(readFileSync(path, 'utf8'));
    writeFileSync(path, JSON.stringify({ ...file, config: { ...file.config, nLayers } }));
    const message = new RegExp(
      `^.*best\\.json is damaged: the configuration asks for ${nLayers} blocks, but the weights have no tensor blocks\\.2\\.[\\w.]+; get `,
    );
    await expectRefused('loadCheckpoint', folder, message);
  });
});
