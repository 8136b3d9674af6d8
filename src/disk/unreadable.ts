import { TsgptError } from '../core/errors.ts';
import { reasonOf } from './system-errors.ts';

/** Throws a TsgptError that says why a text cannot be read. */
export function throwUnreadable(file: string, error: NodeJS.ErrnoException): never {
  const { code } = error;
  if (code === 'ENOENT') throw new TsgptError(`there is no file or folder ${file}; check the path`, { cause: error });
  if (code === 'EISDIR') throw new TsgptError(`${file} is a folder; name a file`, { cause: error });
  throw new TsgptError(`${file} cannot be read: ${reasons[code ?? ''] ?? reasonOf(error)}; check the path`, {
    cause: error,
  });
}

const reasons: Readonly<Record<string, string>> = {
  ENOTDIR: 'a file stands where the path needs a folder',
  ENAMETOOLONG: 'its name is too long',
  ELOOP: 'its links lead to each other',
};
