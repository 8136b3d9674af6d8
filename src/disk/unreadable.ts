import { TsgptError } from '../core/errors.ts';

/** Throws a TsgptError that says why a text cannot be read. */
export function throwUnreadable(file: string, error: NodeJS.ErrnoException): never {
  if (error.code === 'ENOENT') throw new TsgptError(`there is no file or folder ${file}; check the path`);
  if (error.code === 'EISDIR') throw new TsgptError(`${file} is a folder; name a file`);
  throw new TsgptError(`${file} cannot be read (${error.code ?? error.message}); check its permissions`);
}
