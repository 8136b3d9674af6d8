import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createInterface, type Interface } from 'node:readline';

export interface Steps {
  /** One entry per step. */
  seconds: number[];
  loss: number;
  /** The largest resident set so far. */
  peakBytes: number;
}

/** One side of the comparison: a program that answers each line of JSON with a line of JSON. */
export class Child {
  readonly #process: ChildProcess;
  readonly #lines: AsyncIterableIterator<string>;
  readonly #reader: Interface;
  /** Its first line, written when it started. */
  ready: Record<string, unknown> = {};

  private constructor(command: string, args: readonly string[], env: NodeJS.ProcessEnv) {
    this.#process = spawn(command, args, { env, stdio: ['pipe', 'pipe', 'inherit'] });
    this.#reader = createInterface({ input: this.#process.stdout! });
    this.#lines = this.#reader[Symbol.asyncIterator]();
  }

  static async start(command: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Child> {
    const child = new Child(command, args, { ...process.env, ...env });
    child.ready = await child.#answer();
    return child;
  }

  async ask<T>(request: object): Promise<T> {
    this.#process.stdin!.write(`${JSON.stringify(request)}\n`);
    return (await this.#answer()) as T;
  }

  steps(count: number): Promise<Steps> {
    return this.ask({ steps: count });
  }

  async #answer(): Promise<Record<string, unknown>> {
    const { value, done } = await this.#lines.next();
    if (done) throw new Error(`${this.#process.spawnfile} ended without an answer`);
    return JSON.parse(value);
  }

  async exit(): Promise<void> {
    const ended = new Promise((resolve) => this.#process.once('exit', resolve));
    this.#process.stdin!.end('{"exit": true}\n');
    await ended;
    this.#reader.close();
  }

  /** Processor time the program has used so far; undefined where there is no /proc. */
  cpuSeconds(): number | undefined {
    try {
      const stat = readFileSync(`/proc/${this.#process.pid}/stat`, 'utf8');
      // Fields are counted after the program's name, which may contain spaces. User and system time are in hundredths of a second.
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      return (Number(fields[11]) + Number(fields[12])) / 100;
    } catch {
      return undefined;
    }
  }
}
