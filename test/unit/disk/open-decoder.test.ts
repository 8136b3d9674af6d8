import {
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  symlink,
  truncate,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openFolder } from '../../../src/disk/open-folder.ts';
import { saveGguf, savePretrained } from '../../../src/disk/pretrained.ts';
import { openSafetensors, writeSafetensors } from '../../../src/disk/safetensors.ts';
import { Decoder, quantizations } from '../../../src/generate/index.ts';
import type { LanguageModel } from '../../../src/models/index.ts';
import { halfPatterns } from '../../support/half-patterns.ts';
import { loadDecoder, loadModel } from '../../support/load-model.ts';
import { tinyGPT2, tinyLlama } from '../../support/tiny-models.ts';

let root: string;
let count = 0;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'tsgpt-decoder-'));
});
afterAll(() => rm(root, { recursive: true }));

const fresh = (name: string) => join(root, `${count++}-${name}`);

async function saved(model: LanguageModel): Promise<string> {
  const folder = fresh('model');
  await savePretrained(folder, { model });
  return folder;
}

/** The logits after some tokens, read in one pass, and after one more. */
async function logitsOf(decoder: Decoder): Promise<number[][]> {
  const cache = decoder.createCache();
  const [first] = await decoder.append(cache, [[5, 9, 200, 5]]);
  const [second] = await decoder.append(cache, [[17]]);
  await decoder.dispose();
  return [[...first!], [...second!]];
}

const models: [string, () => LanguageModel][] = [
  ['GPT-2', () => tinyGPT2()],
  ['GPT-2 with a head of its own', () => tinyGPT2({ tiedHead: false })],
  ['Llama', () => tinyLlama()],
  ['Llama with a head of its own and biases', () => tinyLlama({ tiedHead: false, qkvBias: true })],
];

/** Writes the weights in a folder anew, as `dtype`, and in two shards. */
async function rewrite(folder: string, dtype: 'F16' | 'BF16'): Promise<void> {
  await using file = await openSafetensors(join(folder, 'model.safetensors'));
  const tensors = [];
  for (const [name, { shape }] of file.tensors) {
    tensors.push({ name, shape, dtype, data: halfPatterns((await file.readFloats(name)).data, dtype) });
  }
  const shards = { 'one.safetensors': tensors.slice(0, 9), 'two.safetensors': tensors.slice(9) };
  const places = Object.entries(shards).flatMap(([shard, list]) => list.map(({ name }) => [name, shard]));
  for (const [shard, list] of Object.entries(shards)) await writeSafetensors(join(folder, shard), list);
  await writeFile(
    join(folder, 'model.safetensors.index.json'),
    JSON.stringify({ weight_map: Object.fromEntries(places) }),
  );
  await rm(join(folder, 'model.safetensors'));
}

describe.each(models)('a decoder of a %s', (_, create) => {
  it('computes from weights in their file just what it computes from weights in memory', async () => {
    const folder = await saved(create());
    const expected = await logitsOf(new Decoder((await loadModel(folder)).model));
    expect(await logitsOf(await loadDecoder(folder))).toEqual(expected);
  });

  it.each(['F16', 'BF16'] as const)('computes the same from %s in several files', async (dtype) => {
    const folder = await saved(create());
    await rewrite(folder, dtype);
    const expected = await logitsOf(new Decoder((await loadModel(folder)).model));
    expect(await logitsOf(await loadDecoder(folder))).toEqual(expected);
  });

  it.each(quantizations)('computes the same from weights kept as %s', async (quantize) => {
    const [folder, cacheFolder] = [await saved(create()), fresh('cache')];
    const expected = await logitsOf(new Decoder((await loadModel(folder)).model, { quantize }));
    expect(await logitsOf(await loadDecoder(folder, { quantize, cacheFolder }))).toEqual(expected);
    expect(await readdir(cacheFolder)).toHaveLength(1);
    expect(await logitsOf(await loadDecoder(folder, { quantize, cacheFolder }))).toEqual(expected);
    expect(await readdir(cacheFolder)).toHaveLength(1);
  });

  it('computes the same from a quantized GGUF file', async () => {
    const [path, cacheFolder] = [`${fresh('model')}.gguf`, fresh('cache')];
    await saveGguf(path, { model: create() });
    const expected = await logitsOf(new Decoder((await loadModel(path)).model, { quantize: 'q8' }));
    for (let start = 0; start < 2; start++) {
      expect(await logitsOf(await loadDecoder(path, { quantize: 'q8', cacheFolder }))).toEqual(expected);
    }
    expect(await readdir(cacheFolder)).toHaveLength(1);
  });
});

describe('weights in their file', () => {
  it('may be reached over links, as in the cache of the hub', async () => {
    const [folder, links] = [await saved(tinyGPT2()), fresh('links')];
    await mkdir(links);
    for (const file of await readdir(folder)) await symlink(join(folder, file), join(links, file));
    const expected = await logitsOf(await loadDecoder(folder));
    expect(await logitsOf(await loadDecoder(links))).toEqual(expected);
  });

  it.each(models)('may lie in two folders, or be links into them: %s', async (_, create) => {
    const [folder, other, cacheFolder] = [await saved(create()), fresh('other'), fresh('cache')];
    await rewrite(folder, 'F16');
    const expected = await logitsOf(await loadDecoder(folder));
    const quantized = await logitsOf(await loadDecoder(folder, { quantize: 'q8', cacheFolder: fresh('cache') }));
    await mkdir(join(other, 'deep'), { recursive: true });
    await rename(join(folder, 'two.safetensors'), join(other, 'deep', 'blob'));
    await symlink(join(other, 'deep', 'blob'), join(folder, 'two.safetensors'));
    expect(await logitsOf(await loadDecoder(folder))).toEqual(expected);
    expect(await logitsOf(await loadDecoder(folder, { quantize: 'q8', cacheFolder }))).toEqual(quantized);
    expect(await readdir(cacheFolder)).toHaveLength(1);
  });

  it('may lie in folders below their index', async () => {
    const folder = await saved(tinyLlama());
    await rewrite(folder, 'BF16');
    const expected = await logitsOf(await loadDecoder(folder));
    const path = join(folder, 'model.safetensors.index.json');
    const { weight_map: map } = JSON.parse(await readFile(path, 'utf8')) as { weight_map: Record<string, string> };
    for (const shard of ['one', 'two']) {
      await mkdir(join(folder, shard));
      await rename(join(folder, `${shard}.safetensors`), join(folder, shard, `${shard}.safetensors`));
    }
    const moved = Object.entries(map).map(([name, shard]) => [name, `${shard.split('.')[0]}/${shard}`]);
    await writeFile(path, JSON.stringify({ weight_map: Object.fromEntries(moved) }));
    expect(await logitsOf(await loadDecoder(folder))).toEqual(expected);
  });

  it('cannot be used for anything else, and the error says so', async () => {
    const folder = await openFolder(await saved(tinyGPT2()));
    const [weight] = (await folder.load('file')).parameters();
    expect(() => weight!.value).toThrow(
      /^the weights of this model, such as \S+, were left in their file, where only a Decoder/,
    );
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY])('that hold %s are found out', async (damage) => {
    const model = tinyGPT2();
    model.blocks[1]!.feedForward.expand.weight.value[77] = damage;
    const folder = await saved(model);
    await expect(loadModel(folder)).rejects.toThrow(
      /^cannot load .*: tensor transformer\.h\.1\.mlp\.c_fc\.weight has elements that are NaN or infinite/,
    );
    const decoder = await loadDecoder(folder);
    await expect(logitsOf(decoder)).rejects.toThrow(/^the model computes infinity or NaN/);
    await expect(loadDecoder(folder, { quantize: 'q8', cacheFolder: fresh('cache') })).rejects.toThrow(/c_fc\.weight/);
  });
});

describe('the cache of quantized weights', () => {
  it('needs the original no more', async () => {
    const [folder, cacheFolder] = [await saved(tinyLlama()), fresh('cache')];
    const path = join(folder, 'model.safetensors');
    const time = new Date('2020-02-02');
    await utimes(path, time, time);
    const expected = await logitsOf(await loadDecoder(folder, { quantize: 'q8', cacheFolder }));
    // The same file by name, size and time, but with a hole where the weights were.
    const { size } = await stat(path);
    const header = await headerSize(path);
    await truncate(path, header);
    await truncate(path, size);
    await utimes(path, time, time);
    expect(await logitsOf(await loadDecoder(folder, { quantize: 'q8', cacheFolder }))).toEqual(expected);
  });

  it('is not used for another model in the same place', async () => {
    const [folder, cacheFolder] = [await saved(tinyLlama()), fresh('cache')];
    await loadDecoder(folder, { quantize: 'q4', cacheFolder });
    const other = await saved(tinyLlama({ ropeTheta: 1234 }));
    for (const file of ['config.json', 'model.safetensors']) await rename(join(other, file), join(folder, file));
    const expected = await logitsOf(new Decoder((await loadModel(folder)).model, { quantize: 'q4' }));
    expect(await logitsOf(await loadDecoder(folder, { quantize: 'q4', cacheFolder }))).toEqual(expected);
  });

  it('removes nothing that is not its own', async () => {
    const folder = await saved(tinyLlama());
    for (let i = 0; i < 9; i++) await writeFile(join(folder, `model-${i}.safetensors`), 'of someone else');
    const before = await readdir(folder);
    await (await loadDecoder(folder, { quantize: 'q8', cacheFolder: folder })).dispose();
    expect(await readdir(folder)).toEqual(expect.arrayContaining(before));
    expect(await readdir(folder)).toHaveLength(before.length + 1);
  });

  it('is made anew where it is damaged', async () => {
    const [folder, cacheFolder] = [await saved(tinyLlama()), fresh('cache')];
    const expected = await logitsOf(await loadDecoder(folder, { quantize: 'q8', cacheFolder }));
    const [name] = await readdir(cacheFolder);
    const whole = (await stat(join(cacheFolder, name!))).size;
    for (const size of [0, 7, 100, whole - 1]) {
      await truncate(join(cacheFolder, name!), size);
      expect(await logitsOf(await loadDecoder(folder, { quantize: 'q8', cacheFolder }))).toEqual(expected);
      expect((await stat(join(cacheFolder, name!))).size).toBe(whole);
    }
  });

  it('may be impossible', async () => {
    const [folder, cacheFolder] = [await saved(tinyLlama()), fresh('file')];
    await writeFile(cacheFolder, 'a file, no folder');
    const expected = await logitsOf(new Decoder((await loadModel(folder)).model, { quantize: 'q8' }));
    expect(await logitsOf(await loadDecoder(folder, { quantize: 'q8', cacheFolder }))).toEqual(expected);
  });

  it('keeps the eight models used last', async () => {
    const cacheFolder = fresh('cache');
    const folders = [];
    for (let i = 0; i < 9; i++) {
      const folder = await saved(tinyLlama());
      folders.push(folder);
      await (await loadDecoder(folder, { quantize: 'q8', cacheFolder })).dispose();
      // The first one is used again and again.
      await (await loadDecoder(folders[0]!, { quantize: 'q8', cacheFolder })).dispose();
    }
    expect(await readdir(cacheFolder)).toHaveLength(8);
    const before = await readdir(cacheFolder);
    await (await loadDecoder(folders[0]!, { quantize: 'q8', cacheFolder })).dispose();
    expect(await readdir(cacheFolder)).toEqual(before);
  });
});

/** Where the tensors begin. */
async function headerSize(path: string): Promise<number> {
  await using file = await openSafetensors(path);
  return Math.min(...Array.from(file.tensors.keys(), (name) => file.regionOf(name).offset));
}
