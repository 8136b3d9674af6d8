import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { saveGguf, savePretrained } from '../../../src/disk/pretrained.ts';
import { saveCheckpoint } from '../../../src/disk/run/index.ts';
import type { LanguageModel } from '../../../src/models/index.ts';
import { CharTokenizer } from '../../../src/tokenizer/index.ts';
import { runScript } from '../../support/run-script.ts';
import { tinyGPT2, tinyLlama } from '../../support/tiny-models.ts';

const root = mkdtempSync(join(tmpdir(), 'tsgpt-absurd-'));
afterAll(() => rmSync(root, { recursive: true }));
let count = 0;
const fresh = (name: string) => join(root, `${count++}-${name}`);

/** The error of loading, in a separate process: without the check, it would run out of memory and die. */
async function refusal(load: string, path: string): Promise<{ value: string; growth: number; milliseconds: number }> {
  const imports = {
    'disk/open-model.ts': 'openModel',
    'core/errors.ts': 'TsgptError',
  };
  const cache = JSON.stringify(fresh('cache'));
  return runScript(
    imports,
    `const model = async (path) => (await openModel(path)).model();
     const decoder = async (path) => (await openModel(path)).decoder();
     const quantized = async (path) => (await openModel(path, { cacheFolder: ${cache} })).decoder({ quantize: 'q8' });
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
    await expectRefused('model', folder, message);
    if (blocks === 1e8) for (const load of ['decoder', 'quantized']) await expectRefused(load, folder, message);
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
    await expectRefused('model', path, message);
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
    await expectRefused('model', folder, message);
  });
});

describe('a Llama with larger heads than its weights have', () => {
  it('is refused in a folder, before angles are computed for them', async () => {
    const folder = fresh('model');
    await savePretrained(folder, { model: tinyLlama() });
    const path = join(folder, 'config.json');
    writeFileSync(path, JSON.stringify({ ...JSON.parse(readFileSync(path, 'utf8')), head_dim: 1e9 }));
    for (const load of ['model', 'decoder', 'quantized']) {
      await expectRefused(
        load,
        folder,
        /^cannot load .*: tensor \S+q_proj\.weight is .*, but the model's configuration needs /,
      );
    }
  });

  it('is refused in a GGUF file and a checkpoint, too', async () => {
    const file = fresh('model.gguf');
    await saveGguf(file, { model: tinyLlama() });
    const bytes = readFileSync(file);
    for (const key of ['.attention.key_length', '.attention.value_length', '.rope.dimension_count']) {
      bytes.writeUInt32LE(1e9, bytes.indexOf(key) + key.length + 4); // after the value's type
    }
    writeFileSync(file, bytes);
    const message = /tensor \S+ is .*, but the (model's )?configuration needs /;
    await expectRefused('model', file, message);

    const run = fresh('run');
    await saveCheckpoint(run, ['best'], { model: tinyLlama(), tokenizer: new CharTokenizer('abc'), step: 1 });
    const path = join(run, 'best.json');
    const checkpoint = JSON.parse(readFileSync(path, 'utf8'));
    writeFileSync(path, JSON.stringify({ ...checkpoint, config: { ...checkpoint.config, headDim: 1e9 } }));
    await expectRefused('model', run, message);
  });
});
