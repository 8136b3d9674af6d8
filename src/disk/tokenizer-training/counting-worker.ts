/** A thread that counts words: it gets texts, and `finish` at the end. */
import { parentPort, workerData } from 'node:worker_threads';
import { TsgptError } from '../../core/errors.ts';
import { BoundedCounts, type BoundedCountsOptions, type CountedWords } from './bounded-counts.ts';

export type CountingAnswer = { done: true } | { counted: CountedWords } | { problem: string };

const port = parentPort!;
const counts = new BoundedCounts(workerData as BoundedCountsOptions);

port.on('message', (texts: readonly string[] | 'finish') => {
  try {
    if (texts === 'finish') finish();
    else {
      counts.add(texts);
      port.postMessage({ done: true } satisfies CountingAnswer);
    }
  } catch (error) {
    // An error loses its class on the way to another thread.
    if (!(error instanceof TsgptError)) throw error;
    port.postMessage({ problem: error.message } satisfies CountingAnswer);
  }
});

function finish(): void {
  const counted = counts.finish();
  const { bytes, ends, counts: numbers } = counted.inMemory;
  port.postMessage({ counted } satisfies CountingAnswer, [bytes.buffer, ends.buffer, numbers.buffer]);
  port.close();
}
