import { randomBytes } from 'node:crypto';
import { unlinkSync } from 'node:fs';
import { type FileHandle, open, realpath, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { ensure, TsgptError } from '../core/errors.ts';
import { ensureString } from '../core/kind.ts';

/** The contents of a file: the whole text or bytes, or chunks of bytes to write one after the other. */
export type FileContents = string | Uint8Array | Iterable<Uint8Array> | AsyncIterable<Uint8Array>;

/**
 * Writes a file completely or not at all.
 *
 * The contents go to a temporary file beside the target, which is flushed to the disk (fsync) and only then renamed, so that a reader never sees half
 * a file, even after a crash or on a full disk. Chunks are written as they come and never joined: a checkpoint of several GB needs no second copy in
 * memory. (The package write-file-atomic takes one buffer and does not check that all of it was written.)
 *
 * @param path an existing regular file to replace (its permissions are kept; a link is followed), or a new name
 * @throws TsgptError if the file cannot be written; the previous file then stays as it was and nothing is left behind. Errors of the chunks' iterator
 * are passed on unchanged.
 */
export async function writeFileAtomic(path: string, contents: FileContents): Promise<void> {
  ensureString('write', 'the path', path);
  const previous = await stat(path).catch(() => undefined);
  ensure(
    previous === undefined || previous.isFile(),
    `cannot write ${path}: it is a folder or a device; give the name of a file`,
  );
  const target = previous ? await realpath(path) : path;
  const temporary = `${target}.${randomBytes(6).toString('hex')}.tmp`;

  const failed = (error: unknown): never => {
    throw new TsgptError(explain(path, error as NodeJS.ErrnoException, previous !== undefined), { cause: error });
  };
  const removeOnExit = () => rmQuietly(temporary);
  process.once('exit', removeOnExit);
  let file: FileHandle | undefined;
  try {
    file = await open(temporary, 'wx', previous?.mode).catch(failed);
    if (previous) await file.chmod(previous.mode).catch(() => {}); // open() applied the umask
    for await (const chunk of typeof contents === 'string' || ArrayBuffer.isView(contents) ? [contents] : contents) {
      await file.writeFile(chunk).catch(failed);
    }
    await file.sync().catch(failed);
    await file.close().catch(failed);
    await rename(temporary, target).catch(failed);
  } catch (error) {
    await file?.close().catch(() => {});
    await rm(temporary, { force: true }).catch(() => {});
    throw error;
  } finally {
    process.removeListener('exit', removeOnExit);
  }
  await syncFolder(dirname(target));
}

/** Makes the new name survive a power cut. Not every system can flush a folder; the file is complete without it. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r').catch(() => undefined);
  await handle?.sync().catch(() => {});
  await handle?.close().catch(() => {});
}

function rmQuietly(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    // Already renamed or never made: nothing to clean up.
  }
}

function explain(path: string, error: NodeJS.ErrnoException, hadPrevious: boolean): string {
  const kept = hadPrevious ? 'the previous file is kept' : 'nothing was written';
  switch (error.code) {
    case 'ENOSPC':
    case 'EDQUOT':
      return `cannot write ${path}: the disk is full, ${kept}; free some space and try again`;
    case 'EFBIG':
      return `cannot write ${path}: this disk or account does not allow a file that large, ${kept}; write it to another disk`;
    case 'EACCES':
    case 'EPERM':
      return `cannot write ${path}: permission denied, ${kept}; choose a folder you may write to`;
    case 'EROFS':
      return `cannot write ${path}: the disk is read-only, ${kept}; choose another folder`;
    case 'ENOENT':
    case 'ENOTDIR':
      return `cannot write ${path}: there is no folder ${dirname(path)}; create it first`;
    default:
      return `cannot write ${path}: ${error.message}; ${kept}`;
  }
}
