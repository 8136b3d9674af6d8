import { reasonOf } from './system-errors.ts';
/** Safetensors files on disk. `formats/safetensors` does the same in memory. */

import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ensure, TsgptError } from '../core/errors.ts';
import { ensureString } from '../core/kind.ts';
import { printable } from '../core/printable.ts';
import { SafetensorsReader } from '../formats/safetensors/reader.ts';
import {
  INDEX_FILE,
  MAX_INDEX_BYTES,
  openShardedSafetensors,
  parseSafetensorsIndex,
  type SafetensorsIndex,
  type SafetensorsWeights,
  WEIGHTS_FILE,
} from '../formats/safetensors/sharded.ts';
import { encodeSafetensors, type SafetensorsTensorToWrite } from '../formats/safetensors/writer.ts';
import { writeFileAtomic } from './atomic-file.ts';
import { openFile } from './open-file.ts';

/**
 * Opens a safetensors file and checks its whole header. Tensors are read on demand.
 *
 * Close it when done (`await using reader = await openSafetensors(path)` does).
 *
 * @param remedy what to do if it is damaged, for error messages. Defaults to downloading it again.
 * @throws TsgptError if there is no such file, or it is truncated, damaged or of another format
 */
export async function openSafetensors(path: string, remedy?: string): Promise<SafetensorsReader> {
  return SafetensorsReader.open({ ...(await openFile(path, 'a safetensors file')), remedy });
}

/**
 * Writes a safetensors file, completely or not at all (see {@link writeFileAtomic}).
 *
 * The bytes go to the disk straight from the arrays' memory, so the arrays must not change before the promise resolves.
 *
 * @param metadata free text about the file, for example the training step
 * @throws TsgptError like {@link encodeSafetensors}, or if the file cannot be written; errors of a tensor's own function are passed on. In each
 * case no file is left behind, and an older one stays as it was.
 */
export async function writeSafetensors(
  path: string,
  tensors: Iterable<SafetensorsTensorToWrite>,
  metadata?: Record<string, string>,
): Promise<void> {
  await writeFileAtomic(path, encodeSafetensors(tensors, metadata));
}

/**
 * Opens the weights in a folder: `model.safetensors`, or the shards that `model.safetensors.index.json` names (see
 * {@link openShardedSafetensors}). Every header is checked at once. Tensors are read on demand.
 *
 * A shard may be a link to a file elsewhere, as in the Hugging Face cache: whoever can place links in the folder can place files there, too. But the
 * index, which may come from a stranger, cannot name a file outside the folder.
 *
 * Close it when done (`await using weights = await openSafetensorsFolder(folder)` does).
 *
 * @throws TsgptError if the folder has neither, a shard is missing or damaged, or index and shards disagree
 */
export async function openSafetensorsFolder(folder: string): Promise<SafetensorsWeights> {
  ensureString('openSafetensorsFolder', 'the folder', folder);
  const status = await stat(folder).catch(() => undefined);
  ensure(status, `cannot read ${folder}: there is no such folder; check the path`);
  ensure(status.isDirectory(), `cannot read ${folder}: it is a file; give the folder of ${WEIGHTS_FILE}`);
  if (await exists(join(folder, WEIGHTS_FILE))) return openSafetensors(join(folder, WEIGHTS_FILE));

  const openShard = async (shard: string) => {
    ensure(
      await exists(join(folder, shard)),
      `${join(folder, INDEX_FILE)} names ${shard}, but there is no such file in the folder; download the model again`,
    );
    return openFile(join(folder, shard), 'a safetensors file');
  };
  return openShardedSafetensors(await readIndex(folder), openShard, folder);
}

/** Weights in formats of other programs. */
const otherWeights = /\.(bin|ckpt|gguf|h5|msgpack|onnx|pt|pth|safetensors)$/i;

async function readIndex(folder: string): Promise<SafetensorsIndex> {
  const path = join(folder, INDEX_FILE);
  const status = await stat(path).catch(() => undefined);
  const others = status?.isFile() ? [] : (await readdir(folder)).filter((name) => otherWeights.test(name)).slice(0, 3);
  const only = others.length > 0 ? `, only ${others.map(printable).join(', ')}` : '';
  ensure(
    status?.isFile() === true,
    `${folder} has neither ${WEIGHTS_FILE} nor ${INDEX_FILE}${only}; give a folder with weights in the safetensors format`,
  );
  ensure(
    status.size <= MAX_INDEX_BYTES,
    `${path} is not an index of safetensors files: it has ${status.size} bytes, and ${MAX_INDEX_BYTES} is the limit; check that it is the right file`,
  );
  const text = await readFile(path, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    throw new TsgptError(`cannot read ${path}: ${reasonOf(cause)}; check its permissions`, { cause });
  });
  return parseSafetensorsIndex(text, path);
}

async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined)) !== undefined;
}
