import { ensure, TsgptError } from './errors.ts';

/** What JSON can hold. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };

/** Whether a JSON value is an object with named fields. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * The value of a JSON file that another program may have written: also with a byte order mark, as Windows' editors write it, and with `NaN`,
 * `Infinity` and `-Infinity`, as Python writes these numbers.
 *
 * @param name the file's name, for error messages
 * @throws TsgptError if it is not JSON
 */
export function parseJSON(text: string, name: string): unknown {
  const plain = text.replace(/^\ufeff/, '');
  ensure(!isLfsPointer(plain), () => `${name} ${lfsProblem}`);
  try {
    return JSON.parse(plain);
  } catch (cause) {
    const value = parsePythonNumbers(plain);
    if (value !== undefined) return value;
    throw new TsgptError(`${name} is not complete JSON; download it again`, { cause });
  }
}

/** A string, or a number that only Python writes. */
const stringOrNumber = /"[^"\\]*(?:\\.[^"\\]*)*"|-?\bInfinity\b|\bNaN\b/gs;
/** Stands for NaN until the text is parsed; no text of a configuration is this. */
const notANumber = '\0not a number\0';

function parsePythonNumbers(text: string): unknown {
  let isPythons = false;
  const written = text.replace(stringOrNumber, (part) => {
    if (part.startsWith('"')) return part;
    isPythons = true;
    return part === 'NaN' ? JSON.stringify(notANumber) : part.replace('Infinity', '1e999'); // too large: becomes infinite
  });
  if (!isPythons) return undefined;
  try {
    return JSON.parse(written, (name, value) => {
      if (name === notANumber) throw new SyntaxError('a name must be a string');
      return value === notANumber ? Number.NaN : value;
    });
  } catch {
    return undefined;
  }
}

/** Whether a text, or the beginning of one, is what Git has in place of a large file that was not fetched. */
export function isLfsPointer(text: string): boolean {
  return text.startsWith('version https://git-lfs.github.com/spec/');
}

/** What such a file is, and what to do. It follows the name of the file. */
export const lfsProblem = 'is only a pointer of Git LFS to the file itself; get that with "git lfs pull"';
