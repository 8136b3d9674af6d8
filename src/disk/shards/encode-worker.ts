/** The program of a thread that encodes batches of text. */
import { parentPort, workerData } from 'node:worker_threads';
import { type EncodeOptions, type TokenizerJSON, tokenizerFromJSON } from '../../tokenizer/index.ts';
import { encodeBatch } from './encode-batch.ts';
import type { TextBatch } from './text-batch.ts';

/** What a thread is started with. */
export interface EncodeWorkerData {
  readonly tokenizer: TokenizerJSON;
  readonly options: EncodeOptions;
}

const { tokenizer: json, options } = workerData as EncodeWorkerData;
const tokenizer = tokenizerFromJSON(json);
parentPort!.on('message', (batch: TextBatch) => {
  const encoded = encodeBatch(batch, tokenizer, options);
  const buffers = 'problem' in encoded ? [] : [encoded.train.ids.buffer, encoded.validation.ids.buffer];
  parentPort!.postMessage(encoded, buffers as ArrayBuffer[]);
});
