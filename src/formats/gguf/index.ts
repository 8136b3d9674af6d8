/**
 * GGUF files, llama.cpp's format: typed metadata and tensors, plain or quantised, in one file. This folder knows the format and
 * nothing of models.
 *
 * In a browser, where there is no disk, `reader.ts` reads the same format from memory.
 */
import { openFile } from '../../disk/open-gguf-file.ts';
import { GgufReader } from './reader.ts';

export type { GgmlTypeName } from './ggml-types.ts';
export type { TensorInfo } from './layout.ts';
export type { GgufMetadata } from './metadata.ts';
export { float32, type MetadataToWrite, type TypedNumber, uint32 } from './metadata-writer.ts';
export type { WritableType } from './quantize.ts';
export { type GgufReader, openGgufBytes } from './reader.ts';
export type { BigArray, GgufValue, NumberArray, NumberType } from './value-types.ts';
export { type GgufContents, type GgufTensorToWrite, writeGguf } from './writer.ts';

/**
 * Opens a GGUF file and checks its header completely; the tensors are read when asked for.
 *
 * Close it when done (`await using reader = await openGguf(path)` does).
 *
 * @throws TsgptError if there is no such file, or it is truncated, damaged or of another format
 */
export async function openGguf(path: string): Promise<GgufReader> {
  return GgufReader.open(await openFile(path));
}
