import { ensure } from './errors.ts';

/** Guards work that must not overlap, because it changes the same arrays. What begins too early is refused, not queued: it is a mistake. */
export class OneAtATime {
  readonly #owner: string;
  #running: string | undefined;

  /** `owner` is what is being worked on, for the message: `this trainer`. */
  constructor(owner: string) {
    this.#owner = owner;
  }

  /** Does `work`, which the message calls `name`. Throws a TsgptError if other work has not finished. */
  async run<T>(name: string, work: () => Promise<T>): Promise<T> {
    this.ensureIdle(name);
    this.#running = name;
    try {
      return await work();
    } finally {
      this.#running = undefined;
    }
  }

  /** Throws a TsgptError if work is being done. */
  ensureIdle(name: string): void {
    ensure(
      this.#running === undefined,
      () => `${name}: ${this.#owner} is still busy with ${this.#running}; await that first`,
    );
  }
}
