/** A model's published weights, in one safetensors file or in several, read as one. */
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ensure, TsgptError } from '../core/errors.ts';
import type { FileRegion } from '../core/file-region.ts';
import { printable } from '../core/printable.ts';
import type { TensorEntry } from '../formats/safetensors/header.ts';
import type { LoadedTensor, ReadOptions, SafetensorsReader } from '../formats/safetensors/reader.ts';
import {
  INDEX_FILE,
  MAX_INDEX_BYTES,
  parseSafetensorsIndex,
  type SafetensorsIndex,
  WEIGHTS_FILE,
} from '../formats/safetensors/shard-index.ts';
import { openSafetensors } from './safetensors.ts';

/** The weights of a model, open for reading. Only headers are in memory; each tensor is read when asked for. */
export interface SafetensorsModel extends AsyncDisposable {
  /** Names, element types and shapes. Reading in this order reads each file from its beginning to its end. */
  readonly tensors: ReadonlyMap<string, Pick<TensorEntry, 'dtype' | 'shape' | 'byteLength'>>;
  has(name: string): boolean;
  /** One tensor in the array type of the file, F16 and BF16 as float32. */
  read(name: string, options?: ReadOptions): Promise<LoadedTensor>;
  /** One tensor of floats (F32, F16, BF16 or F64) as float32. */
  readFloats(name: string): Promise<{ shape: readonly number[]; data: Float32Array }>;
  /** One tensor of floats into memory the caller already has: as many elements as the tensor, row-major. */
  readInto(name: string, target: Float32Array): Promise<void>;
  /** Which file a tensor's bytes are in, and where. */
  regionOf(name: string): FileRegion;
  close(): Promise<void>;
}

/**
 * Opens the weights in a folder: `model.safetensors`, or the shards that `model.safetensors.index.json` names. Every header
 * is checked at once, and that each tensor of the index is in its shard; the tensors are read when asked for.
 *
 * The index decides: a tensor in a shard that it does not name is not part of the model. A tensor of the index that stands in
 * a second shard as well is an error, because readers that look in another order would see other weights. A shard may be a
 * link to a file elsewhere, which is how the Hugging Face cache stores everything: who can place links in the folder can
 * place files there, too. Only the index, which may come from a stranger, cannot name a place outside the folder.
 *
 * Close it when done (`await using weights = await openSafetensorsModel(folder)` does).
 *
 * @throws TsgptError if the folder has neither, a shard is missing or damaged, or index and shards disagree
 */
export async function openSafetensorsModel(folder: string): Promise<SafetensorsModel> {
  const status = await stat(folder).catch(() => undefined);
  ensure(status, `Cannot read ${folder}: there is no such folder; check the path.`);
  ensure(status.isDirectory(), `Cannot read ${folder}: it is a file; give the folder that ${WEIGHTS_FILE} is in.`);
  if (await exists(join(folder, WEIGHTS_FILE))) return openSafetensors(join(folder, WEIGHTS_FILE));

  const index = await readIndex(folder);
  const shards = new Map<string, SafetensorsReader>();
  try {
    for (const shard of new Set(index.values())) {
      ensure(
        await exists(join(folder, shard)),
        `${join(folder, INDEX_FILE)} names ${shard}, but there is no such file in the folder; download the model again.`,
      );
      shards.set(shard, await openSafetensors(join(folder, shard)));
    }
    return new ShardedSafetensors(folder, index, shards);
  } catch (error) {
    await closeAll(shards.values());
    throw error;
  }
}

class ShardedSafetensors implements SafetensorsModel {
  readonly tensors: ReadonlyMap<string, TensorEntry>;
  readonly #folder: string;
  readonly #shardOf: SafetensorsIndex;
  readonly #shards: ReadonlyMap<string, SafetensorsReader>;

  constructor(folder: string, index: SafetensorsIndex, shards: ReadonlyMap<string, SafetensorsReader>) {
    const tensors = new Map<string, TensorEntry>();
    for (const [shard, reader] of shards) {
      for (const [name, entry] of reader.tensors) {
        const expected = index.get(name);
        if (expected === undefined) continue;
        ensure(
          expected === shard,
          `${folder} cannot be used: tensor ${printable(name)} is in ${shard}, but ${INDEX_FILE} places it in ${expected}; download the model again.`,
        );
        tensors.set(name, entry);
      }
    }
    for (const [name, shard] of index) {
      ensure(
        tensors.has(name),
        `${folder} cannot be used: ${INDEX_FILE} places tensor ${printable(name)} in ${shard}, which does not have it; download the model again.`,
      );
    }
    this.tensors = tensors;
    this.#folder = folder;
    this.#shardOf = index;
    this.#shards = shards;
  }

  has(name: string): boolean {
    return this.tensors.has(name);
  }

  async read(name: string, options?: ReadOptions): Promise<LoadedTensor> {
    return this.#shard(name).read(name, options);
  }

  async readFloats(name: string): Promise<{ shape: readonly number[]; data: Float32Array }> {
    return this.#shard(name).readFloats(name);
  }

  async readInto(name: string, target: Float32Array): Promise<void> {
    return this.#shard(name).readInto(name, target);
  }

  regionOf(name: string): FileRegion {
    return this.#shard(name).regionOf(name);
  }

  async close(): Promise<void> {
    await closeAll(this.#shards.values());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #shard(name: string): SafetensorsReader {
    const shard = this.#shardOf.get(name);
    const some = [...this.tensors.keys()].slice(0, 3).map(printable).join(', ');
    ensure(shard, `${this.#folder} has no tensor ${name}; it has ${this.tensors.size}, such as ${some}.`);
    return this.#shards.get(shard)!;
  }
}

async function readIndex(folder: string): Promise<SafetensorsIndex> {
  const path = join(folder, INDEX_FILE);
  const status = await stat(path).catch(() => undefined);
  ensure(
    status?.isFile() === true,
    `${folder} has neither ${WEIGHTS_FILE} nor ${INDEX_FILE}; give a folder with weights in the safetensors format.`,
  );
  ensure(
    status.size <= MAX_INDEX_BYTES,
    `${path} is not an index of safetensors files: it has ${status.size} bytes, and ${MAX_INDEX_BYTES} is the limit; check that it is the right file.`,
  );
  const text = await readFile(path, 'utf8').catch((cause: Error) => {
    throw new TsgptError(`Cannot read ${path}: ${cause.message}; check its permissions.`, { cause });
  });
  return parseSafetensorsIndex(text, path);
}

async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined)) !== undefined;
}

async function closeAll(readers: Iterable<SafetensorsReader>): Promise<void> {
  await Promise.all(Array.from(readers, (reader) => reader.close()));
}
