import { ensure } from '../../core/errors.ts';
import type { EncodeOptions, Tokenizer } from '../../tokenizer/index.ts';
import { ThreadPool } from '../thread-pool.ts';
import { encodePortion } from './encode-portion.ts';
import type { EncodeWorkerData } from './encode-worker.ts';
import type { SplitName } from './manifest.ts';
import type { EncodedPortion, SplitTokens, TextPortion } from './text-portion.ts';

/** Encodes portions of text, several at once if there are threads for it. */
export interface PortionEncoder {
  /** How many portions are best given at once. */
  readonly most: number;
  encode(portion: TextPortion): Promise<Record<SplitName, SplitTokens>>;
  close(): Promise<void>;
}

/** With one thread, this one encodes; with more, so many others. */
export function createPortionEncoder(tokenizer: Tokenizer, options: EncodeOptions, threads: number): PortionEncoder {
  if (threads === 1) {
    return {
      most: 1,
      encode: async (portion) => ensureEncoded(encodePortion(portion, tokenizer, options)),
      close: async () => {},
    };
  }
  const data: EncodeWorkerData = { tokenizer: tokenizer.toJSON(), options };
  const program = import.meta.url.endsWith('.ts') ? './encode-worker.ts' : './encode-worker.js';
  const pool = new ThreadPool<TextPortion, EncodedPortion>(new URL(program, import.meta.url), threads, data);
  return {
    most: threads + 1,
    encode: async (portion) => ensureEncoded(await pool.run(portion)),
    close: () => pool.close(),
  };
}

function ensureEncoded(encoded: EncodedPortion): Record<SplitName, SplitTokens> {
  ensure(!('problem' in encoded), () => (encoded as { problem: string }).problem);
  return encoded;
}
