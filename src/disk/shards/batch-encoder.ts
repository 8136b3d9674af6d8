import { ensure } from '../../core/errors.ts';
import type { EncodeOptions, Tokenizer } from '../../tokenizer/index.ts';
import { ThreadPool } from '../thread-pool.ts';
import { encodeBatch } from './encode-batch.ts';
import type { EncodeWorkerData } from './encode-worker.ts';
import type { SplitName } from './manifest.ts';
import type { EncodedBatch, SplitTokens, TextBatch } from './text-batch.ts';

/** Encodes batches of text, several at once if there are threads for it. */
export interface BatchEncoder {
  /** How many batches are best given at once. */
  readonly most: number;
  encode(batch: TextBatch): Promise<Record<SplitName, SplitTokens>>;
  close(): Promise<void>;
}

/** With one thread, this one encodes; with more, so many others. */
export function createBatchEncoder(tokenizer: Tokenizer, options: EncodeOptions, threads: number): BatchEncoder {
  if (threads === 1) {
    return {
      most: 1,
      encode: async (batch) => ensureEncoded(encodeBatch(batch, tokenizer, options)),
      close: async () => {},
    };
  }
  const data: EncodeWorkerData = { tokenizer: tokenizer.toJSON(), options };
  const program = import.meta.url.endsWith('.ts') ? './encode-worker.ts' : './encode-worker.js';
  const pool = new ThreadPool<TextBatch, EncodedBatch>(new URL(program, import.meta.url), threads, data);
  return {
    most: threads + 1,
    encode: async (batch) => ensureEncoded(await pool.run(batch)),
    close: () => pool.close(),
  };
}

function ensureEncoded(encoded: EncodedBatch): Record<SplitName, SplitTokens> {
  ensure(!('problem' in encoded), () => (encoded as { problem: string }).problem);
  return encoded;
}
