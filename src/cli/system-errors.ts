import { TsgptError } from '../core/errors.ts';
import { printable } from '../core/printable.ts';

/** What Node says of a call that the system refuses: "EISDIR: illegal operation on a directory, open '/tmp'". */
const refusal = /\bE[A-Z0-9]{2,}: ([^,\n]+)(?:, [a-z]+(?: '[^\n]*')?)?/;

/** An error of the system that no other code has explained, such as a path that is too long, as an error that does; undefined for other errors. */
export function refusedBySystem(cause: unknown): TsgptError | undefined {
  if (!(cause instanceof Error) || cause instanceof TsgptError) return undefined;
  const { code, path } = cause as NodeJS.ErrnoException;
  if (code === 'ERR_INVALID_ARG_VALUE' && cause.message.includes('null bytes')) {
    return new TsgptError('a path has a null character in it, which no file can have; give another path', { cause });
  }
  const [, reason] = refusal.exec(cause.message) ?? [];
  if (!reason || !/^E[A-Z0-9]+$/.test(code ?? '')) return undefined;
  return new TsgptError(`the system refuses ${path ? printable(path) : 'a file'}: ${reason}`, { cause });
}

/** A message without the codes and calls of the system: "cannot read a.txt: permission denied". */
export function withoutCodes(message: string): string {
  return message.replace(refusal, '$1');
}
