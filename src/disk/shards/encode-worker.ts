/** The program of a thread that encodes portions of text. */
import { parentPort, workerData } from 'node:worker_threads';
import { type EncodeOptions, type TokenizerJSON, tokenizerFromJSON } from '../../tokenizer/index.ts';
import { encodePortion } from './encode-portion.ts';
import type { TextPortion } from './text-portion.ts';

/** What a thread is started with. */
export interface EncodeWorkerData {
  readonly tokenizer: TokenizerJSON;
  readonly options: EncodeOptions;
}

const { tokenizer: json, options } = workerData as EncodeWorkerData;
const tokenizer = tokenizerFromJSON(json);
parentPort!.on('message', (portion: TextPortion) => {
  const encoded = encodePortion(portion, tokenizer, options);
  const buffers = 'problem' in encoded ? [] : [encoded.train.ids.buffer, encoded.validation.ids.buffer];
  parentPort!.postMessage(encoded, buffers as ArrayBuffer[]);
});
