import { createHash } from 'node:crypto';
import { readdir, realpath, rm, stat, utimes } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { TsgptError } from '../core/errors.ts';
import { sameShape, sizeOf } from '../core/shape.ts';
import { whileOpen } from '../core/while-open.ts';
import type { SafetensorsReader } from '../formats/safetensors/reader.ts';
import type { SafetensorsTensorToWrite } from '../formats/safetensors/writer.ts';
import { type Quantization, quantizedStorage } from '../generate/index.ts';
import { blockSize, type StoredConstant } from '../graph/index.ts';
import { createModel, type LanguageModel, type ModelDescription } from '../models/index.ts';
import type { Parameter } from '../nn/index.ts';
import { createFolders } from './make-folder.ts';
import type { WeightPlace } from './model-source.ts';
import { openSafetensors, writeSafetensors } from './safetensors.ts';

/** Raise this when the files' format changes, so that older files are no longer used. */
const version = 1;

/** The most models to keep; a new one replaces the least recently used. */
const mostKept = 8;

/** A model to be quantized. */
export interface QuantizableModel extends Omit<ModelDescription, 'modelType'> {
  /** All files that its weights depend on. */
  files: readonly string[];
  load(weights: WeightPlace): Promise<LanguageModel>;
}

/** The folder of quantized weights: `TSGPT_CACHE`, else tsgpt in the user's cache folder. */
function quantizedCacheFolder(): string {
  const { TSGPT_CACHE, XDG_CACHE_HOME } = process.env;
  return join(TSGPT_CACHE || join(XDG_CACHE_HOME || join(homedir(), '.cache'), 'tsgpt'), 'quantized');
}

/**
 * The model with quantized weights, for a decoder. They are made once and cached in a file, keyed by the path, size and time of the model's own
 * files. From then on they are used directly from that file. If no file can be written, they are made each time.
 */
export async function quantizedModel(
  { family, config, files, load }: QuantizableModel,
  quantization: Quantization,
  folder = quantizedCacheFolder(),
): Promise<LanguageModel> {
  const path = join(folder, `${await keyOf(files, quantization)}.safetensors`);
  const create = () => createModel(family, config);
  const known = await modelOf(path, create);
  if (known) return known;

  const model = await load('memory');
  quantizeInMemory(model, quantization);
  try {
    await createFolders(folder);
    await removeOldest(folder, mostKept - 1);
    await writeSafetensors(path, tensorsOf(model));
  } catch {
    return model; // only a cache: a full or read-only disk costs time, not the result
  }
  return (await modelOf(path, create)) ?? model;
}

async function keyOf(files: readonly string[], quantization: Quantization): Promise<string> {
  const facts = await Promise.all(
    files.map(async (file) => {
      const { size, mtimeMs, ino } = await stat(file);
      return [await realpath(file), size, mtimeMs, ino];
    }),
  );
  const text = JSON.stringify([version, quantization, facts]);
  return `${createHash('sha256').update(text).digest('hex').slice(0, 32)}-${quantization}`;
}

/** Quantizes the weights one after the other, so that memory never holds all of them twice. */
function quantizeInMemory(model: LanguageModel, quantization: Quantization): void {
  const storageOf = quantizedStorage(model, quantization);
  for (const parameter of model.namedParameters().values()) {
    const stored = storageOf(parameter);
    if (stored) parameter.stored = stored;
  }
}

/**
 * A quantized matrix becomes two tensors, integers and scales; other parameters stay as they are. They come last, so that the matrices of
 * queries, keys and values follow each other in the file, and their product can read them as one.
 */
function tensorsOf(model: LanguageModel): SafetensorsTensorToWrite[] {
  const isQuantized = ([, { stored }]: [string, Parameter]) => stored?.format === 'blocks';
  const parameters = [...model.namedParameters()].sort((a, b) => Number(isQuantized(b)) - Number(isQuantized(a)));
  return parameters.flatMap(([name, parameter]): SafetensorsTensorToWrite[] => {
    const { stored, shape } = parameter;
    if (stored?.format !== 'blocks') return [{ name, shape, data: parameter.value }];
    const { integers, scales } = stored as { integers: Uint8Array; scales: Uint8Array };
    const blocks = [shape[0]!, shape[1]! / blockSize];
    const floats = new Float32Array(scales.buffer, scales.byteOffset, scales.length / 4);
    return [
      { name: `${name}.integers`, shape: [...blocks, integers.length / sizeOf(blocks)], data: integers },
      { name: `${name}.scales`, shape: blocks, data: floats },
    ];
  });
}

/** The model with its weights in a cached file; undefined if there is no such file, or it does not fit. */
async function modelOf(path: string, create: () => LanguageModel): Promise<LanguageModel | undefined> {
  if (!(await stat(path).catch(() => undefined))) return undefined;
  // Only now, because a wrong configuration may describe a model too large to build; the weights would show it.
  const model = create();
  try {
    const isComplete = await whileOpen(await openSafetensors(path), async (file) => takeStored(model, file));
    if (!isComplete) return undefined;
  } catch (error) {
    if (error instanceof TsgptError) return undefined; // damaged: it will be made again
    throw error;
  }
  const now = new Date();
  await utimes(path, now, now).catch(() => {}); // marks it as recently used
  return model;
}

/** Leaves the model's weights in the file; returns whether all of them are there. */
function takeStored(model: LanguageModel, file: SafetensorsReader): boolean {
  for (const [name, parameter] of model.namedParameters()) {
    const stored = storedIn(file, name, parameter.shape);
    if (!stored) return false;
    parameter.stored = stored;
  }
  return true;
}

function storedIn(file: SafetensorsReader, name: string, shape: readonly number[]): StoredConstant | undefined {
  const whole = file.tensors.get(name);
  if (whole) {
    const fits = whole.dtype === 'F32' && sameShape(whole.shape, shape);
    return fits ? { format: 'float32', data: file.regionOf(name) } : undefined;
  }
  const [integers, scales] = [`${name}.integers`, `${name}.scales`];
  const [rows, blocks, bytes] = file.tensors.get(integers)?.shape ?? [];
  const fits = rows === shape[0] && blocks! * blockSize === shape[1] && file.has(scales);
  const bits = (8 * bytes!) / blockSize;
  if (!fits || (bits !== 4 && bits !== 8)) return undefined;
  return {
    format: 'blocks',
    bits,
    blockSize,
    integers: file.regionOf(integers),
    scales: file.regionOf(scales),
  };
}

/** The names of the cache's own files; the folder may contain others. */
const keptName = /^[0-9a-f]{32}-q[48]\.safetensors$/;

/** Keeps the `kept` most recently used files of the cache. */
async function removeOldest(folder: string, kept: number): Promise<void> {
  const files = (await readdir(folder)).filter((name) => keptName.test(name));
  // Another process may remove some of them meanwhile.
  const timeOf = async (name: string) => (await stat(join(folder, name)).catch(() => undefined))?.mtimeMs ?? 0;
  const used = await Promise.all(files.map(timeOf));
  const oldestLast = files.map((name, i) => ({ name, used: used[i]! })).sort((a, b) => b.used - a.used);
  for (const { name } of oldestLast.slice(kept)) await rm(join(folder, name), { force: true });
}
