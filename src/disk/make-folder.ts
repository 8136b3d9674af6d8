import { mkdir, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { TsgptError } from '../core/errors.ts';
import { ensureString } from '../core/kind.ts';
import { reasonOf } from './system-errors.ts';

/** Creates the folder, and those above it, if they do not exist. Throws a TsgptError that says why it cannot. */
export async function makeFolder(folder: string): Promise<void> {
  ensureString('makeFolder', 'the folder', folder);
  await createFolders(folder).catch((cause: NodeJS.ErrnoException) => {
    const isFile = cause.code === 'EEXIST';
    if (isFile && cause.path === resolve(folder)) {
      throw new TsgptError(`${folder} is a file, not a folder; choose another place`, { cause });
    }
    const reason = isFile ? `${cause.path} is a file` : reasonOf(cause);
    throw new TsgptError(`cannot create the folder ${folder}: ${reason}; choose another place`, { cause });
  });
}

/**
 * Creates the folder, and those above it, one by one: where the system does not let a folder be made, as in /proc, Node's own recursive `mkdir` may
 * never return. Throws the system's error.
 */
export async function createFolders(folder: string): Promise<void> {
  const path = resolve(folder);
  const isFolder = async () => (await stat(path).catch(() => undefined))?.isDirectory() === true;
  if (await isFolder()) return;
  if (dirname(path) !== path) await createFolders(dirname(path));
  await mkdir(path).catch(async (error) => {
    if (!(await isFolder())) throw error; // another process may have made it meanwhile
  });
}
