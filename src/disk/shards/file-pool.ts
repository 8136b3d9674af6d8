import { type FileHandle, open } from 'node:fs/promises';

/** Systems let a process open about a thousand files, or only 256. */
const MOST_OPEN = 64;

interface Entry {
  readonly handle: Promise<FileHandle>;
  users: number;
}

/** Files that are opened when they are needed. Those used least recently are closed, so that any number of files can be read. */
export class FilePool {
  /** The least recently used comes first. */
  readonly #entries = new Map<string, Entry>();
  #most = MOST_OPEN;

  /** Calls `work` with the open file. Errors of the system are passed on. */
  async use<T>(path: string, work: (file: FileHandle) => Promise<T>): Promise<T> {
    const entry = this.#entries.get(path) ?? { handle: open(path, 'r'), users: 0 };
    this.#entries.delete(path);
    this.#entries.set(path, entry);
    entry.users++;
    try {
      return await work(await entry.handle);
    } catch (error) {
      // What could not be opened is tried again the next time.
      if ((await isFailed(entry.handle)) && this.#entries.get(path) === entry) this.#entries.delete(path);
      throw error;
    } finally {
      entry.users--;
      if (this.#entries.size > this.#most) await this.#closeIdle();
    }
  }

  /** Closes the files; those that are being read, when that ends. */
  async close(): Promise<void> {
    this.#most = 0;
    await this.#closeIdle();
  }

  async #closeIdle(): Promise<void> {
    const idle = [...this.#entries].filter(([, { users }]) => users === 0);
    const closing = idle.slice(0, Math.max(0, this.#entries.size - this.#most));
    for (const [path] of closing) this.#entries.delete(path);
    await Promise.all(closing.map(async ([, { handle }]) => (await handle).close()));
  }
}

async function isFailed(handle: Promise<unknown>): Promise<boolean> {
  return handle.then(
    () => false,
    () => true,
  );
}
