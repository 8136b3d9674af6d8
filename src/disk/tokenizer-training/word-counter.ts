import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { TsgptError } from '../../core/errors.ts';
import { BoundedCounts, type BoundedCountsOptions, type CountedWords } from './bounded-counts.ts';
import type { CountingAnswer } from './counting-worker.ts';

/** Counts the words of texts, here or in other threads. */
export interface WordCounter {
  /** The number of threads that count. */
  readonly threads: number;
  /** Takes texts that end between two words; returns when it can take more. */
  add(texts: readonly string[]): Promise<void>;
  /** What has been counted. */
  finish(): Promise<readonly CountedWords[]>;
  /** Ends the threads; to be called in the end in any case. */
  stop(): Promise<void>;
}

export interface WordCounterOptions extends Omit<BoundedCountsOptions, 'spillPath'> {
  threads: number;
  /** Where files for rare words may be made. */
  folder: string;
}

/** The thread's program, beside this one. There is none where TypeScript runs as it is, or where a bundler has left it out. */
const workerUrl = new URL('./counting-worker.js', import.meta.url);

/** A counter with so many threads. With one, or where there is no program for others, this thread counts. */
export function createWordCounter({ threads, folder, ...options }: WordCounterOptions): WordCounter {
  const optionsOf = (thread: number) => ({ ...options, spillPath: join(folder, `words-${thread}`) });
  if (threads === 1 || !existsSync(fileURLToPath(workerUrl))) return new CounterHere(optionsOf(0));
  return new CounterInThreads(Array.from({ length: threads }, (_, thread) => optionsOf(thread)));
}

class CounterHere implements WordCounter {
  readonly threads = 1;
  readonly #counts: BoundedCounts;

  constructor(options: BoundedCountsOptions) {
    this.#counts = new BoundedCounts(options);
  }

  async add(texts: readonly string[]): Promise<void> {
    this.#counts.add(texts);
    await new Promise((resolve) => setImmediate(resolve)); // so that a signal can arrive
  }

  async finish(): Promise<readonly CountedWords[]> {
    return [this.#counts.finish()];
  }

  async stop(): Promise<void> {
    this.#counts.close();
  }
}

/** Texts that a thread has at once: one that it counts, and the next. */
const mostWaiting = 2;

class CounterInThreads implements WordCounter {
  readonly threads: number;
  readonly #threads: { worker: Worker; waiting: number }[];
  readonly #counted: CountedWords[] = [];
  #problem: Error | undefined;
  #onAnswer: () => void = () => {};

  constructor(options: readonly BoundedCountsOptions[]) {
    this.threads = options.length;
    this.#threads = options.map((workerData) => {
      const thread = { worker: new Worker(workerUrl, { workerData, execArgv: [] }), waiting: 0 };
      const answer = (change: () => void) => {
        change();
        this.#onAnswer();
      };
      thread.worker.on('message', (message: CountingAnswer) =>
        answer(() => {
          thread.waiting--;
          if ('counted' in message) this.#counted.push(message.counted);
          if ('problem' in message) this.#problem ??= new TsgptError(message.problem);
        }),
      );
      thread.worker.on('error', (error) => answer(() => (this.#problem ??= error)));
      return thread;
    });
  }

  async add(texts: readonly string[]): Promise<void> {
    const least = () => Math.min(...this.#threads.map(({ waiting }) => waiting));
    await this.#until(() => least() < mostWaiting);
    const thread = this.#threads.find(({ waiting }) => waiting === least())!;
    thread.waiting++;
    thread.worker.postMessage(texts);
  }

  async finish(): Promise<readonly CountedWords[]> {
    for (const { worker } of this.#threads) worker.postMessage('finish');
    await this.#until(() => this.#counted.length === this.#threads.length);
    return this.#counted;
  }

  async stop(): Promise<void> {
    await Promise.all(this.#threads.map(({ worker }) => worker.terminate()));
  }

  /** Waits for something that an answer of a thread brings about. */
  async #until(condition: () => boolean): Promise<void> {
    while (!this.#problem && !condition()) {
      await new Promise<void>((resolve) => {
        this.#onAnswer = resolve;
      });
    }
    if (this.#problem) throw this.#problem;
  }
}
