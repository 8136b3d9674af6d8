/**
 * GGUF files, llama.cpp's format: typed metadata and tensors, plain or quantised, in one file. This folder knows the format and
 * nothing of models.
 *
 * `GgufReader` reads from any source of bytes, `encodeGguf` gives a file's bytes piece by piece. Paths are opened and written in `tsgpt/node`.
 */
export type { GgmlTypeName } from './ggml-types.ts';
export type { TensorInfo } from './layout.ts';
export type { GgufMetadata } from './metadata.ts';
export { float32, type MetadataToWrite, type TypedNumber, uint32 } from './metadata-writer.ts';
export type { WritableType } from './quantize.ts';
export { GgufReader, openGgufBytes } from './reader.ts';
export type { BigArray, GgufValue, NumberArray, NumberType } from './value-types.ts';
export { encodeGguf, type GgufContents, type GgufTensorToWrite } from './writer.ts';
