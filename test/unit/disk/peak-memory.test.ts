import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { copyFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { saveGguf, savePretrained } from '../../../src/disk/pretrained.ts';
import { openSafetensors, writeSafetensors } from '../../../src/disk/safetensors.ts';
import type { LanguageModel } from '../../../src/models/index.ts';
import { halfPatterns } from '../../support/half-patterns.ts';
import { runScript } from '../../support/run-script.ts';
import { tinyGPT2, tinyLlama } from '../../support/tiny-models.ts';

const root = mkdtempSync(join(tmpdir(), 'tsgpt-peak-'));
afterAll(() => rmSync(root, { recursive: true }));

// About 200 MiB each, so that the memory of an idle process does not matter.
const models: Record<string, LanguageModel> = {
  gpt2: tinyGPT2({ embDim: 640, nHeads: 10, nLayers: 10 }),
  llama: tinyLlama({ embDim: 640, nHeads: 10, nKvHeads: 5, headDim: 64, hiddenDim: 2048, nLayers: 10 }),
};
const sizeOf = (name: string) => 4 * models[name]!.parameterCount;

beforeAll(async () => {
  for (const [name, model] of Object.entries(models)) await savePretrained(join(root, name), { model });
});

type Dtype = 'F32' | 'F16' | 'BF16';

/** The same model, with its weights as `dtype` in `shards` files. */
async function rewritten(name: string, dtype: Dtype, shards: number): Promise<string> {
  const folder = join(root, `${name}-${dtype}-${shards}`);
  mkdirSync(folder);
  await copyFile(join(root, name, 'config.json'), join(folder, 'config.json'));
  await using file = await openSafetensors(join(root, name, 'model.safetensors'));
  const tensors = [];
  for (const [tensor, { shape }] of file.tensors) {
    const { data } = await file.readFloats(tensor);
    tensors.push({ name: tensor, shape, dtype, data: dtype === 'F32' ? data : halfPatterns(data, dtype) });
  }
  if (shards === 1) {
    await writeSafetensors(join(folder, 'model.safetensors'), tensors);
    return folder;
  }
  const places: Record<string, string> = {};
  for (let shard = 0; shard < shards; shard++) {
    const path = `model-${shard}.safetensors`;
    const part = tensors.filter((_, i) => i % shards === shard);
    for (const { name: tensor } of part) places[tensor] = path;
    await writeSafetensors(join(folder, path), part);
  }
  writeFileSync(join(folder, 'model.safetensors.index.json'), JSON.stringify({ weight_map: places }));
  return folder;
}

it.each([
  ['gpt2', 'F32', 1],
  ['gpt2', 'F16', 3],
  ['gpt2', 'BF16', 1],
  ['llama', 'F32', 3],
  ['llama', 'F16', 1],
  ['llama', 'BF16', 3],
] as const)(
  'a %s in %s in %i files is loaded into memory within 1.3 times its size there',
  async (name, dtype, shards) => {
    const folder = await rewritten(name, dtype, shards);
    const { value, growth } = await runScript<number>(
      { 'disk/open-model.ts': 'openModel' },
      `const model = await (await openModel(${JSON.stringify(folder)})).model();
     return [...model.namedParameters().values()].reduce((bytes, { value }) => bytes + value.byteLength, 0);`,
    );
    rmSync(folder, { recursive: true });
    expect(value).toBe(sizeOf(name));
    expect(growth / value).toBeLessThan(1.3);
    expect(growth / value).toBeGreaterThan(0.9); // it was measured
  },
);

it.each([
  ['gpt2', 'F32', 1.5],
  ['gpt2', 'F16', 1.9],
  ['llama', 'F32', 1.9], // queries and keys are in memory, and copied
] as const)('a %s in %s in a GGUF file is loaded into a decoder where it lies', async (name, type, most) => {
  const path = join(root, `${name}-${type}.gguf`);
  await saveGguf(path, { model: models[name]! }, { type });
  const { growth } = await runScript(
    { 'disk/open-model.ts': 'openModel' },
    `const decoder = await (await openModel(${JSON.stringify(path)})).decoder();
     await decoder.append(decoder.createCache(), [[5, 9, 20]]);`,
  );
  rmSync(path);
  expect(growth / sizeOf(name)).toBeLessThan(most); // with all weights in memory first, 2.7 and more
  expect(growth / sizeOf(name)).toBeGreaterThan(0.9);
});
