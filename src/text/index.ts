export type { Json } from '../core/json.ts';
export type { Batch, BatchArray, BatchStream } from './batches.ts';
export { encodeText, type TokenIds } from './encode-text.ts';
export type { EncodeTextOptions } from './encoded-parts.ts';
export { scanCharacters } from './scan-characters.ts';
export { splitTrainValidation } from './split.ts';
export {
  type ReadOptions,
  type TextChunk,
  type TextDocument,
  type TextProgress,
  type TextSource,
  type TextSourceOptions,
  textSourceOf,
} from './text-source.ts';
export { type TokenSource, type TokenSourceOptions, tokenSourceOf } from './token-source.ts';
export { RandomWindows, sequentialWindows, type WindowOptions, type Windows } from './windows.ts';
