export type { Json } from '../core/json.ts';
export type { Batch, BatchArray, BatchStream } from './batches.ts';
export { documentStartsOf } from './document-starts.ts';
export { encodeText, type TokenIds } from './encode-text.ts';
export type { EncodeTextOptions } from './encoded-parts.ts';
export { EpochRows } from './epoch-rows.ts';
export { MixedRows, type MixturePart } from './mixed-rows.ts';
export { PackedRows, type PackedRowsOptions, type Packing } from './packed-rows.ts';
export { RandomRows } from './random-rows.ts';
export { ignoredTarget, RowBatches, type RowBatchesOptions } from './row-batches.ts';
export type { Piece, RowPlan, Rows } from './rows.ts';
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
