import type { Tokenizer } from '../../tokenizer/index.ts';
import type { DataFormat } from '../documents/data-files.ts';
import type { FileChoice, LeftOut } from '../text-files.ts';
import type { ShardManifest } from './manifest.ts';

export interface PrepareDataOptions extends FileChoice {
  /** The tokenizer. */
  tokenizer: Tokenizer;
  /** The folder to write, which must be new, empty, or hold this work unfinished. */
  folder: string;
  /** The field of JSON lines, or the column of tables, that holds the text. A dot leads into an object within. Defaults to `text`. */
  field?: string;
  /** The form of all files. Defaults to what their names say; a file of another name is one document of plain text. */
  format?: DataFormat;
  /** How texts are stored, by a name of the Encoding Standard. Defaults to `utf-8`. */
  encoding?: string;
  /** Whether special tokens spelled out in the text are the tokens themselves. Defaults to false. */
  allowSpecial?: boolean;
  /** Tokens in a shard. Defaults to 2^26, 128 MiB for a vocabulary of up to 65,536. */
  shardSize?: number;
  /** The share of the documents that is kept for validation, from 0 to less than 1. Defaults to 0.1. */
  validationFraction?: number;
  /** Threads that tokenize. The shards do not depend on it. Defaults to the number of processor cores. */
  threads?: number;
  /** Stops; the promise then rejects with the signal's reason, and the same call continues. */
  signal?: AbortSignal;
  /** Called when the files have been found, with what of folders is not read. */
  onFiles?: (found: { files: number; bytes: number; leftOut: readonly LeftOut[]; isContinued: boolean }) => void;
  /** Called now and then. */
  onProgress?: (progress: PrepareDataProgress) => void;
}

/** How far the preparation is. */
export interface PrepareDataProgress {
  /** Bytes of the files that have been read, those of an earlier call included, and of all files; of standard input the size is not known and 0. */
  readonly bytesRead: number;
  readonly bytesTotal: number;
  /** Bytes that an earlier call has read. */
  readonly bytesBefore: number;
  readonly tokens: number;
}

/** What has been prepared. */
export interface PreparedData {
  readonly manifest: ShardManifest;
  /** Documents without any text, which are left out. */
  readonly emptyDocuments: number;
}
