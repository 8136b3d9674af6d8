import { Worker } from 'node:worker_threads';

interface Job<Request, Response> {
  readonly request: Request;
  readonly resolve: (response: Response) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Threads that all run the same program, which answers every message with one. A request waits until a thread is free.
 *
 * The threads do not keep the process alive while they have nothing to do.
 */
export class ThreadPool<Request, Response> {
  readonly #waiting: Job<Request, Response>[] = [];
  readonly #idle: Worker[] = [];
  readonly #busy = new Map<Worker, Job<Request, Response>>();
  #failure: unknown;

  /** @param data what the program finds as `workerData` */
  constructor(program: URL, threads: number, data: unknown) {
    for (let i = 0; i < threads; i++) {
      const worker = startThread(program, data);
      worker.on('message', (response: Response) => this.#answer(worker, response));
      worker.on('error', (error) => this.#fail(error));
      worker.unref();
      this.#idle.push(worker);
    }
  }

  /** Sends a request to a thread. Rejects if a thread ends by an error. */
  run(request: Request): Promise<Response> {
    return new Promise((resolve, reject) => {
      if (this.#failure) return reject(this.#failure);
      this.#waiting.push({ request, resolve, reject });
      this.#start();
    });
  }

  /** Ends the threads. Requests that have no answer yet never get one. */
  async close(): Promise<void> {
    await Promise.all([...this.#idle, ...this.#busy.keys()].map((worker) => worker.terminate()));
  }

  #start(): void {
    while (this.#waiting.length > 0 && this.#idle.length > 0) {
      const worker = this.#idle.pop()!;
      const job = this.#waiting.shift()!;
      this.#busy.set(worker, job);
      worker.ref();
      worker.postMessage(job.request);
    }
  }

  #answer(worker: Worker, response: Response): void {
    const job = this.#busy.get(worker);
    this.#busy.delete(worker);
    worker.unref();
    this.#idle.push(worker);
    this.#start();
    job?.resolve(response);
  }

  #fail(error: unknown): void {
    this.#failure = error;
    for (const job of [...this.#waiting.splice(0), ...this.#busy.values()]) job.reject(error);
    for (const worker of this.#busy.keys()) worker.unref();
  }
}

/**
 * The most memory for new and for old objects, in MiB. V8 lets garbage grow in proportion to it: without these limits, the threads that prepare 150 MB
 * of text keep 120 MB more.
 */
const resourceLimits = { maxYoungGenerationSizeMb: 4, maxOldGenerationSizeMb: 512 };

function startThread(program: URL, workerData: unknown): Worker {
  if (!program.pathname.endsWith('.ts')) return new Worker(program, { workerData, execArgv: [], resourceLimits });
  // In the project itself, from TypeScript.
  const start = `import('tsx/esm/api').then(({ register }) => { register(); return import('${program.href}'); })`;
  return new Worker(start, { workerData, execArgv: [], resourceLimits, eval: true });
}
