/**
 * GGUF files, llama.cpp's format: typed metadata and tensors, plain or quantized, in one file. This folder is about the format, not about models.
 *
 * `GgufReader` reads from any source of bytes, `encodeGguf` yields a file's bytes piece by piece. `tsgpt/node` opens and writes paths.
 *
 *     bytes.ts            integers and strings of a header, read and written
 *     value-types.ts      the types of metadata values; metadata.ts reads them, metadata-writer.ts writes them
 *     header.ts           the whole header, read and checked
 *     tensor-types.ts     the types of tensors' elements, and their numbers from and to float32: blocks-of-32.ts and blocks-of-256.ts
 *     reader.ts           an open file; writer.ts makes one
 */

export { type ByteSource, bytesInMemory } from '../byte-source.ts';
export type { GgufTensorInfo } from './header.ts';
export type { GgufMetadata } from './metadata.ts';
export { float32, type MetadataToWrite, type TypedNumber, uint32 } from './metadata-writer.ts';
export { GgufReader, openGgufBytes } from './reader.ts';
export type { GgmlTypeName, WritableType } from './tensor-types.ts';
export type { BigArray, GgufValue, NumberArray, NumberType } from './value-types.ts';
export { encodeGguf, type GgufContents, type GgufTensorToWrite } from './writer.ts';
