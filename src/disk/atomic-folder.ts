import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { mkdir, readdir, realpath, rename, rm, rmdir } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { ensure, TsgptError } from '../core/errors.ts';
import { ensureString } from '../core/kind.ts';
import { reasonOf } from './system-errors.ts';

export interface FolderOptions {
  /** Whether a file in an existing folder of that name may be replaced. Defaults to no file, so that the folder must be new or empty. */
  mayReplace?: (file: string) => boolean;
}

/**
 * Writes a folder completely or not at all: as a new folder beside it, which is then renamed.
 *
 * @param write gets the path of the new folder and fills it; its errors are passed on
 * @throws TsgptError if there is a folder of that name with files that may not be replaced, or if it cannot be made. The previous folder then
 * stays as it was, and nothing is left behind.
 */
export async function writeFolderAtomic(
  folder: string,
  write: (temporary: string) => Promise<void>,
  options: FolderOptions = {},
): Promise<void> {
  ensureString('write', 'the folder', folder);
  const previous = await ensureReplaceable(folder, options);
  const target = previous ? await realpath(folder) : resolve(folder);
  const id = randomBytes(6).toString('hex');
  const [temporary, old] = [`${target}.${id}.tmp`, `${target}.${id}.old.tmp`];

  const cannotReplace = (cause: NodeJS.ErrnoException): never => {
    throw new TsgptError(`cannot write the folder ${folder}: ${reasonOf(cause)}; choose a new folder`, { cause });
  };
  const removeOnExit = () => rmSync(temporary, { recursive: true, force: true });
  process.once('exit', removeOnExit);
  try {
    await mkdir(temporary).catch((cause: NodeJS.ErrnoException) => {
      const reason =
        cause.code === 'ENOENT' ? `there is no folder ${dirname(target)}; create it first` : reasonOf(cause);
      throw new TsgptError(`cannot write the folder ${folder}: ${reason}`, { cause });
    });
    await write(temporary);
    // Another process may write the same folder: whatever it does, one of the two folders is there in the end, and whole.
    if (previous?.length === 0) await rmdir(target).catch(() => {});
    else if (previous) await rename(target, old).catch((cause) => cause.code !== 'ENOENT' && cannotReplace(cause));
    await rename(temporary, target).catch(async (cause) => {
      const isThere = cause.code === 'ENOTEMPTY' || cause.code === 'EEXIST';
      // The previous folder must not come back over one that was written since, even if a third process has just moved that one away.
      await (isThere ? rm(old, { recursive: true, force: true }) : rename(old, target).catch(() => {}));
      ensure(
        !isThere,
        `cannot write the folder ${folder}: another process has written it meanwhile; choose a new folder`,
      );
      cannotReplace(cause);
    });
    await rm(old, { recursive: true, force: true });
  } finally {
    process.removeListener('exit', removeOnExit);
    await rm(temporary, { recursive: true, force: true });
  }
}

/**
 * The files of a folder that may be written: one that does not exist, or has no other files than those that may be replaced. Throws a TsgptError for
 * any other.
 */
export async function ensureReplaceable(
  folder: string,
  { mayReplace = () => false }: FolderOptions = {},
): Promise<string[] | undefined> {
  const files = await filesIn(folder);
  const kept = files?.find((file) => !mayReplace(file));
  ensure(
    kept === undefined,
    `cannot write into ${folder}: it already holds ${kept}, which is not replaced; choose a new folder`,
  );
  return files;
}

/** The files in a folder, or undefined if there is none. */
async function filesIn(folder: string): Promise<string[] | undefined> {
  try {
    return await readdir(folder);
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT') return undefined;
    const reason = code === 'ENOTDIR' ? 'there is a file of that name; choose another' : message;
    throw new TsgptError(`cannot write the folder ${folder}: ${reason}`, { cause });
  }
}
