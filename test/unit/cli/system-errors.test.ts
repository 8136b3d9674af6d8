import { open, readFile, stat } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { refusedBySystem, withoutCodes } from '../../../src/cli/system-errors.ts';

const failureOf = (work: Promise<unknown>) =>
  work.then(
    () => expect.unreachable(),
    (error: unknown) => error,
  );

it('a call that the system refuses is explained in a sentence', async () => {
  const long = 'x'.repeat(5000);
  expect(refusedBySystem(await failureOf(readFile('/')))?.message).toBe(
    'the system refuses a file: illegal operation on a directory',
  );
  expect(refusedBySystem(await failureOf(stat(long)))?.message).toMatch(/^the system refuses x+\.\.\.: name too long$/);
  expect(refusedBySystem(await failureOf(open('a\u0000b')))?.message).toMatch(/^a path has a null character in it/);
  expect(refusedBySystem(new TypeError('x is not a function'))).toBeUndefined();
});

it('messages tell reasons, not codes', () => {
  expect(withoutCodes("cannot read a.txt: EACCES: permission denied, open 'a.txt'")).toBe(
    'cannot read a.txt: permission denied',
  );
  expect(withoutCodes('cannot read a: EISDIR: illegal operation on a directory, read')).toBe(
    'cannot read a: illegal operation on a directory',
  );
  expect(withoutCodes('there is no model EACCES')).toBe('there is no model EACCES');
});
