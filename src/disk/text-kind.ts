import { open } from 'node:fs/promises';
import { ensure, TsgptError } from '../core/errors.ts';
import { whileOpen } from '../core/while-open.ts';
import { throwUnreadable } from './unreadable.ts';

/** As many bytes as Git looks at to tell text from other data. */
export const BEGINNING_BYTES = 8000;

const unpackWith = (program: string) => `unpack it first with "${program} --keep", and give the result`;
const saveText = 'save its text in a file of its own, and give that';

/** What people take for texts, by how it begins (https://en.wikipedia.org/wiki/List_of_file_signatures). */
const notTexts: readonly (readonly [begins: string, kind: string, remedy: string])[] = [
  ['\x1f\x8b\x08', 'compressed', unpackWith('gunzip')],
  ['BZh91AY&SY', 'compressed', unpackWith('bunzip2')],
  ['\xfd7zXZ\0', 'compressed', unpackWith('unxz')],
  ['\x28\xb5\x2f\xfd', 'compressed', unpackWith('unzstd')],
  ['PK\x03\x04', 'a ZIP archive, as office documents and e-books are', saveText],
  ['%PDF-', 'a PDF document', saveText],
  ['\xd0\xcf\x11\xe0', 'an office document', saveText],
];

const begins = (bytes: Uint8Array, beginning: string) =>
  beginning.length <= bytes.length && Array.from(beginning).every((c, i) => c.charCodeAt(0) === bytes[i]);

const kindOf = (bytes: Uint8Array) => notTexts.find(([beginning]) => begins(bytes, beginning));

/** The first bytes of a file; the whole file if it is short. */
export async function readBeginning(file: string): Promise<Uint8Array> {
  const opened = await open(file).catch((error) => throwUnreadable(file, error));
  return whileOpen(opened, async (handle) => {
    const buffer = new Uint8Array(BEGINNING_BYTES);
    const { bytesRead } = await handle.read(buffer).catch((error) => throwUnreadable(file, error));
    return buffer.subarray(0, bytesRead);
  });
}

/** The encoding that a byte order mark tells, if there is one. Throws a TsgptError for UTF-32. */
export function markedEncoding(file: string, beginning: Uint8Array): string | undefined {
  const isUtf32 = begins(beginning, '\xff\xfe\0\0') || begins(beginning, '\0\0\xfe\xff');
  ensure(!isUtf32, `the file ${file} is UTF-32 text, which is not supported; save it as UTF-8`);
  if (begins(beginning, '\xef\xbb\xbf')) return 'utf-8';
  if (begins(beginning, '\xff\xfe')) return 'utf-16le';
  if (begins(beginning, '\xfe\xff')) return 'utf-16be';
  return undefined;
}

const marks = ['\xef\xbb\xbf', '\xff\xfe', '\xfe\xff', '\0\0\xfe\xff'];
const isMarked = (beginning: Uint8Array) => marks.some((mark) => begins(beginning, mark));

const hasNulls = (encoding: string | undefined) => /^(utf-?16|ucs|unicode|iso-10646)/i.test(encoding ?? '');

/** Whether a file is something other than text: it begins like such a file, or has a NUL byte, which Git, too, takes as the sign. */
export function isBinary(beginning: Uint8Array, encoding?: string): boolean {
  if (kindOf(beginning)) return true;
  return !isMarked(beginning) && !hasNulls(encoding) && beginning.includes(0);
}

/** Throws a TsgptError if a file that was named as a text is clearly none, or is UTF-16 and nothing says so. */
export function ensureText(file: string, beginning: Uint8Array, encoding?: string): void {
  const kind = kindOf(beginning);
  if (kind) throw new TsgptError(`${file} is ${kind[1]}; ${kind[2]}`);
  if (isMarked(beginning) || hasNulls(encoding)) return;
  // In UTF-16, every second byte of most Western text is 0.
  const nulls = [0, 0];
  for (const [i, byte] of beginning.entries()) if (byte === 0) nulls[i % 2]!++;
  const [most, fewest] = [Math.max(...nulls), Math.min(...nulls)];
  if (most > beginning.length / 6 && fewest < beginning.length / 50) {
    const likely = nulls[1] === most ? 'utf-16le' : 'utf-16be';
    throw new TsgptError(
      `${file} looks like UTF-16 without a byte order mark; give its encoding, ${likely}, with the option encoding`,
    );
  }
}
