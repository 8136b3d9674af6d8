import { randomUUID } from 'node:crypto';
import { readFileSync, unlinkSync } from 'node:fs';
import { link, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join, resolve } from 'node:path';
import * as v from 'valibot';
import { ensure, TsgptError } from '../core/errors.ts';
import { isRunning, processStart } from './process-start.ts';
import { reasonOf } from './system-errors.ts';

/** The process that writes to a folder, as its lock file says. */
const ownerSchema = v.object({
  pid: v.pipe(v.number(), v.integer(), v.minValue(1)),
  host: v.string(),
  /** See {@link processStart}. */
  start: v.optional(v.string()),
  id: v.string(),
});
type Owner = v.InferOutput<typeof ownerSchema>;

/** What a folder is locked for. */
export interface FolderUse {
  /** The name of the lock file. It does not end in .json, which is for checkpoints. */
  readonly lockName: string;
  /** What the process that has the lock does there, for messages. */
  readonly doing: string;
}

export const training: FolderUse = { lockName: 'train.lock', doing: 'trains in it' };
export const preparing: FolderUse = { lockName: 'prepare.lock', doing: 'prepares data in it' };

/**
 * The lock of a folder: only one process at a time may write to it. Reading needs no lock.
 *
 * The lock is a file that names the process and its machine. A process that is killed leaves it behind; the next one sees that its owner no longer
 * runs and takes it over.
 */
export class FolderLock {
  readonly #folder: string;
  readonly #path: string;
  readonly #owner: Owner;
  readonly #releaseOnExit = () => {
    if (ownerIn(readQuietly(this.#path))?.id === this.#owner.id) unlinkSync(this.#path);
  };

  private constructor(folder: string, path: string, owner: Owner) {
    this.#folder = folder;
    this.#path = path;
    this.#owner = owner;
  }

  /** Locks a folder that exists. Throws a TsgptError if a process that may still run has locked it. */
  static async take(folder: string, use: FolderUse): Promise<FolderLock> {
    const { pid } = process;
    const owner = { pid, host: hostname(), start: await processStart(pid), id: randomUUID() };
    const lock = new FolderLock(folder, lockPath(folder, use), owner);
    while (!(await lock.#create())) await removeStaleLock(folder, use);
    process.once('exit', lock.#releaseOnExit);
    return lock;
  }

  /**
   * Throws a TsgptError unless the lock is still this one, so that nothing of another process is overwritten. A lock that someone has removed is made
   * anew.
   */
  async check(): Promise<void> {
    const owner = ownerIn(await readFile(this.#path, 'utf8').catch(() => undefined));
    if (owner?.id === this.#owner.id) return;
    await ensureFolder(this.#folder);
    if (!owner && (await this.#create())) return;
    throw new TsgptError(
      `${this.#folder} is now used by ${owner ? describe(owner) : 'another process'}, so this one no longer saves there; let only one of them use it`,
    );
  }

  async release(): Promise<void> {
    process.off('exit', this.#releaseOnExit);
    const owner = ownerIn(await readFile(this.#path, 'utf8').catch(() => undefined));
    if (owner?.id === this.#owner.id) await rm(this.#path, { force: true }).catch(() => {});
  }

  /** Writes the file, unless there is one. */
  async #create(): Promise<boolean> {
    try {
      await writeFile(this.#path, `${JSON.stringify(this.#owner)}\n`, { flag: 'wx' });
      return true;
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code === 'EEXIST') return false;
      await rm(this.#path, { force: true }).catch(() => {}); // made, but on a full disk not written
      await ensureFolder(this.#folder);
      const reason = reasonOf(cause as NodeJS.ErrnoException);
      throw new TsgptError(`cannot write into ${this.#folder}: ${reason}; change that or choose another folder`, {
        cause,
      });
    }
  }
}

/** Throws a TsgptError if a process that may still run has locked the folder. */
export async function ensureUnlocked(folder: string, use: FolderUse): Promise<void> {
  const owner = ownerIn(await readFile(lockPath(folder, use), 'utf8').catch(() => undefined));
  if (owner) await ensureStale(folder, use, owner);
}

/** Throws a TsgptError if the folder is not there any more. */
export async function ensureFolder(folder: string): Promise<void> {
  const isThere = (await stat(folder).catch(() => undefined))?.isDirectory();
  ensure(isThere, `the folder ${folder} is no longer there, so nothing can be saved in it; was it moved or removed?`);
}

const lockPath = (folder: string, { lockName }: FolderUse) => join(resolve(folder), lockName);

async function ensureStale(folder: string, { lockName, doing }: FolderUse, owner: Owner): Promise<void> {
  const path = join(folder, lockName);
  ensure(
    owner.host === hostname(),
    `${folder} is used by ${describe(owner)}; if that no longer runs, remove ${path}, else choose another folder`,
  );
  if (!isRunning(owner.pid)) return;
  const start = await processStart(owner.pid);
  const isOther = start !== undefined && owner.start !== undefined && start !== owner.start; // its number was given again
  ensure(
    isOther,
    `${folder} is used by ${describe(owner)}, which ${doing}; wait for it or stop it, or choose another folder` +
      (owner.start === undefined ? ` (if that process does something else, remove ${path})` : ''),
  );
}

/** Removes a lock whose owner no longer runs. Throws a TsgptError if it may still run. */
async function removeStaleLock(folder: string, use: FolderUse): Promise<void> {
  const path = lockPath(folder, use);
  const text = await readFile(path, 'utf8').catch(() => undefined);
  if (text === undefined) return; // released meanwhile
  const owner = ownerIn(text);
  // Half a file is of a process that was killed while it wrote it, or writes it just now.
  if (!owner && Date.now() - ((await stat(path).catch(() => undefined))?.mtimeMs ?? 0) < 1000) {
    await new Promise((resolve) => setTimeout(resolve, 50));
    return;
  }
  if (owner) await ensureStale(folder, use, owner);
  // Of several processes that see the stale lock, only one must remove it, and none the lock of the one that was faster.
  const aside = `${path}.${randomUUID()}.tmp`;
  await rename(path, aside).catch((cause) => {
    if (cause.code === 'ENOENT') return; // another process has removed it
    throw new TsgptError(`cannot remove the old lock ${path}: ${reasonOf(cause)}; remove it by hand`, { cause });
  });
  const moved = await readFile(aside, 'utf8').catch(() => undefined);
  if (moved !== undefined && moved !== text) await link(aside, path).catch(() => {});
  await rm(aside, { force: true });
}

function describe({ pid, host }: Owner): string {
  return `process ${pid} on ${host}${host === hostname() ? ', this machine' : ''}`;
}

function ownerIn(text: string | undefined): Owner | undefined {
  if (text === undefined) return undefined;
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), ownerSchema), text);
  return parsed.success ? parsed.output : undefined;
}

function readQuietly(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
