/**
 * The index of weights that are split into several safetensors files ("shards"), as the Hugging Face Hub has them:
 *
 *     model.safetensors.index.json      { "metadata": { "total_size": 13476839424 },
 *                                         "weight_map": { "lm_head.weight": "model-00002-of-00002.safetensors", ... } }
 *     model-00001-of-00002.safetensors
 *     model-00002-of-00002.safetensors
 *
 * `weight_map` says which file each tensor is in. `metadata` is free text about the model and is not needed for reading:
 * published files disagree on what `total_size` counts.
 *
 * Source: https://huggingface.co/docs/transformers/big_models
 */
import { ensure, TsgptError } from '../../core/errors.ts';
import { printable } from '../../core/printable.ts';
import { findDuplicateKey, isObject } from './json.ts';

/** Weights in one file. */
export const WEIGHTS_FILE = 'model.safetensors';
/** Weights in shards. */
export const INDEX_FILE = 'model.safetensors.index.json';

/** As for the header of a single file: the limit of the reference implementation. */
export const MAX_INDEX_BYTES = 100_000_000;

/** The name of the shard of each tensor, in the order of the index. */
export type SafetensorsIndex = ReadonlyMap<string, string>;

/**
 * Parses and checks the text of an index. Afterwards every shard is known to be named by a plain file name, so that joining
 * it to the index's folder can only give a file in that folder.
 *
 * @param file the index's own name, for error messages
 * @throws TsgptError naming the file and, where there is one, the tensor
 */
export function parseSafetensorsIndex(text: string, file: string): SafetensorsIndex {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new TsgptError(`${file} is damaged: it is not JSON; download it again.`, { cause });
  }
  ensure(
    isObject(json) && isObject(json.weight_map),
    `${file} is not an index of safetensors files: it has no weight_map; check that it is the right file.`,
  );
  const duplicate = findDuplicateKey(text);
  ensure(
    duplicate === undefined,
    () => `${file} is damaged: it has the name ${printable(duplicate!)} twice; download it again.`,
  );

  const entries = Object.entries(json.weight_map);
  ensure(entries.length > 0, `${file} is empty: its weight_map names no tensor and no file; download it again.`);
  for (const [name, shard] of entries) {
    ensure(
      typeof shard === 'string' && isShardName(shard),
      () =>
        `${file} cannot be used: it places tensor ${printable(name)} in ${printable(JSON.stringify(shard))}, which is not the name of a .safetensors file in the same folder; download it again from a source you trust.`,
    );
  }
  return new Map(entries as [string, string][]);
}

/** A plain file name on every system: no folder, no drive, nothing invisible. */
function isShardName(name: string): boolean {
  return /^[\w.\- ]+\.safetensors$/.test(name);
}
