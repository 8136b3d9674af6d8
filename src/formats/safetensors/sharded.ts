/// <reference lib="esnext.disposable" preserve="true" />
/**
 * Weights split into several safetensors files ("shards"), as on the Hugging Face Hub, read as one:
 *
 *     model.safetensors.index.json      { "metadata": { "total_size": 13476839424 },
 *                                         "weight_map": { "lm_head.weight": "model-00002-of-00002.safetensors", ... } }
 *     model-00001-of-00002.safetensors
 *     model-00002-of-00002.safetensors
 *
 * `weight_map` says which file contains each tensor. `metadata` is free text about the model and is ignored: published files disagree on what
 * `total_size` counts.
 *
 * Source: https://huggingface.co/docs/transformers/big_models
 */

import { ensure } from '../../core/errors.ts';
import type { FileRegion } from '../../core/file-region.ts';
import { isObject, parseJSON } from '../../core/json.ts';
import { ensureFunction, ensureKind, ensureString } from '../../core/kind.ts';
import { printable } from '../../core/printable.ts';
import type { ByteSource } from '../byte-source.ts';
import type { SafetensorsTensorInfo } from './header.ts';
import { findDuplicateKey } from './json.ts';
import { SafetensorsReader, type SafetensorsReadOptions, type SafetensorsTensor } from './reader.ts';

/** Weights in one file. */
export const WEIGHTS_FILE = 'model.safetensors';
/** Weights in shards. */
export const INDEX_FILE = 'model.safetensors.index.json';

/** A longer index is an attack or not an index. */
export const MAX_INDEX_BYTES = 100_000_000;

/** The name of the shard of each tensor, in the order of the index. It begins at the index's folder. */
export type SafetensorsIndex = ReadonlyMap<string, string>;

/**
 * Parses and checks the text of an index. Afterwards every shard has a plain name, which can only mean a file in the index's folder or one below it.
 *
 * @param file the index's own name, for error messages
 * @throws TsgptError that names the file and, if possible, the tensor
 */
export function parseSafetensorsIndex(text: string, file: string): SafetensorsIndex {
  ensureString('parseSafetensorsIndex', 'the index', text);
  const json = parseJSON(text, file);
  ensure(
    isObject(json) && isObject(json.weight_map),
    `${file} is not an index of safetensors files: it has no weight_map; check that it is the right file`,
  );
  const duplicate = findDuplicateKey(text);
  ensure(
    duplicate === undefined,
    () => `${file} is damaged: it has the name ${printable(duplicate!)} twice; download it again`,
  );

  const entries = Object.entries(json.weight_map);
  ensure(entries.length > 0, `${file} is empty: its weight_map names no tensor and no file; download it again`);
  for (const [name, shard] of entries) {
    ensure(
      typeof shard === 'string' && isShardName(shard),
      () =>
        `${file} cannot be used: it places tensor ${printable(name)} in ${printable(JSON.stringify(shard))}, which is not the name of a .safetensors file in the same folder or below it; download it again from a source you trust`,
    );
  }
  return new Map(entries as [string, string][]);
}

/** A plain path downwards on every system: no folder above, no drive, nothing hidden or invisible. */
function isShardName(name: string): boolean {
  return /^([\w\- ][\w.\- ]*\/)*[\w.\- ]+\.safetensors$/.test(name);
}

/** The weights of a model in one file or several, open for reading. Only headers are in memory; tensors are read on demand. */
export interface SafetensorsWeights extends AsyncDisposable {
  /** Names, element types and shapes, in an order that reads each file from beginning to end. */
  readonly tensors: ReadonlyMap<string, Pick<SafetensorsTensorInfo, 'dtype' | 'shape' | 'byteLength'>>;
  has(name: string): boolean;
  /** Reads one tensor in the array type of the file; F16 and BF16 become float32. */
  read(name: string, options?: SafetensorsReadOptions): Promise<SafetensorsTensor>;
  /** Reads one tensor of floats (F32, F16, BF16 or F64) as float32. */
  readFloats(name: string): Promise<{ shape: readonly number[]; data: Float32Array }>;
  /** Reads one tensor of floats into an existing array with the same number of elements, row-major. */
  readInto(name: string, target: Float32Array): Promise<void>;
  /** The file of a tensor's bytes and their position. */
  regionOf(name: string): FileRegion;
  close(): Promise<void>;
}

/**
 * Opens weights in shards. It checks every header, and that each tensor of the index is in its shard. Tensors are read on demand.
 *
 * The index decides: a tensor that it does not name is not part of the model. A tensor of the index that occurs in two shards is an error, because
 * readers that look in another order would see other weights.
 *
 * @param openShard opens the file with a given name in the index's folder
 * @param folder the name of the folder, for error messages
 * @throws TsgptError if a shard is damaged, or index and shards disagree; errors of `openShard` are passed on. All shards are then closed.
 */
export async function openShardedSafetensors(
  index: SafetensorsIndex,
  openShard: (file: string) => Promise<ByteSource>,
  folder: string,
): Promise<SafetensorsWeights> {
  ensureKind('openShardedSafetensors', 'an index, as from parseSafetensorsIndex', index, 'get', 'values');
  ensureFunction('openShardedSafetensors', 'openShard', openShard);
  const shards = new Map<string, SafetensorsReader>();
  try {
    for (const shard of new Set(index.values())) {
      shards.set(shard, await SafetensorsReader.open(await openShard(shard)));
    }
    return new ShardedSafetensors(folder, index, shards);
  } catch (error) {
    await closeAll(shards.values());
    throw error;
  }
}

class ShardedSafetensors implements SafetensorsWeights {
  readonly tensors: ReadonlyMap<string, SafetensorsTensorInfo>;
  readonly #folder: string;
  readonly #shardOf: SafetensorsIndex;
  readonly #shards: ReadonlyMap<string, SafetensorsReader>;

  constructor(folder: string, index: SafetensorsIndex, shards: ReadonlyMap<string, SafetensorsReader>) {
    const tensors = new Map<string, SafetensorsTensorInfo>();
    for (const [shard, reader] of shards) {
      for (const [name, entry] of reader.tensors) {
        const expected = index.get(name);
        if (expected === undefined) continue;
        ensure(
          expected === shard,
          `${folder} cannot be used: tensor ${printable(name)} is in ${shard}, but ${INDEX_FILE} places it in ${expected}; download the model again`,
        );
        tensors.set(name, entry);
      }
    }
    for (const [name, shard] of index) {
      ensure(
        tensors.has(name),
        `${folder} cannot be used: ${INDEX_FILE} places tensor ${printable(name)} in ${shard}, which does not have it; download the model again`,
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

  async read(name: string, options?: SafetensorsReadOptions): Promise<SafetensorsTensor> {
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
    ensure(shard, `${this.#folder} has no tensor ${name}; it has ${this.tensors.size}, such as ${some}`);
    return this.#shards.get(shard)!;
  }
}

async function closeAll(readers: Iterable<SafetensorsReader>): Promise<void> {
  await Promise.all(Array.from(readers, (reader) => reader.close()));
}
