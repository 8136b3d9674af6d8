/**
 * GGUF files, llama.cpp's format: typed metadata and tensors, plain or quantized, in one file. This folder is about the format, not about models.
 *
 * `GgufReader` reads from any source of bytes, `encodeGguf` yields a file's bytes piece by piece. `tsgpt/node` opens and writes paths.
 *
 *     types.ts            the types of tensors' elements and of metadata values
 *     bytes.ts            integers and strings of a header, read and written
 *     metadata.ts         the metadata, read; metadata-writer.ts writes them
 *     header.ts           the whole header, read and checked
 *     quantization.ts     tensors' numbers, from and to float32
 *     reader.ts           an open file; writer.ts makes one
 */

export { type ByteSource, bytesInMemory } from '../byte-source.ts';
export type { GgufTensorInfo } from './header.ts';
export type { GgufMetadata } from './metadata.ts';
export { float32, type MetadataToWrite, type TypedNumber, uint32 } from './metadata-writer.ts';
export type { WritableType } from './quantization.ts';
export { GgufReader, openGgufBytes } from './reader.ts';
export type { BigArray, GgmlTypeName, GgufValue, NumberArray, NumberType } from './types.ts';
export { encodeGguf, type GgufContents, type GgufTensorToWrite } from './writer.ts';
