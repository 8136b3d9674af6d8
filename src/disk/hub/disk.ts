import { TsgptError } from '../../core/errors.ts';

/** For `catch`: throws one sentence that says why something in the cache cannot be written. */
export function cannotWrite(path: string): (error: NodeJS.ErrnoException) => never {
  return (cause) => {
    const reasons: Record<string, string> = {
      ENOSPC: 'the disk is full; free some space',
      EDQUOT: 'your disk quota is used up; free some space',
      EACCES: 'permission denied; change that',
      EPERM: 'permission denied; change that',
      EROFS: 'the disk is read-only; change that',
    };
    const reason = reasons[cause.code ?? ''] ?? `${cause.message}; change that`;
    throw new TsgptError(
      `cannot write ${path}: ${reason}, or choose another cache folder (HF_HUB_CACHE), and try again; the files that have arrived are kept`,
      { cause },
    );
  };
}
