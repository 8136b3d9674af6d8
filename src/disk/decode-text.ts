import { open } from 'node:fs/promises';
import { TextDecoder } from 'node:util';
import { ensure, TsgptError } from '../core/errors.ts';
import { printable } from '../core/printable.ts';
import type { TextChunk } from '../text/text-source.ts';
import { BEGINNING_BYTES, isBinary, markedEncoding, readBeginning } from './text-kind.ts';
import { throwUnreadable } from './unreadable.ts';

const CHUNK_BYTES = 2 ** 20;

/** Throws a TsgptError unless `encoding` is the name of an encoding, such as `windows-1252`. */
export function ensureEncoding(encoding: string): void {
  try {
    new TextDecoder(encoding);
  } catch {
    throw new TsgptError(
      'the option encoding must be a name of the Encoding Standard, such as windows-1252, utf-16le, shift_jis, gb18030, ' +
        `big5, euc-kr or koi8-r, but is ${printable(encoding)}`,
    );
  }
}

/** The text of `bytes`, all that the file of this name holds. A byte order mark decides the encoding, else `encoding` does; the mark is dropped. */
export async function decodeText(file: string, bytes: Uint8Array, encoding = 'utf-8'): Promise<string> {
  const known = markedEncoding(file, bytes) ?? encoding;
  const decode = decoderOf(known);
  const [text, rest] = [decode(bytes), decode(bytes.subarray(0, 0))];
  if (text !== undefined && rest !== undefined) return text + rest;
  return throwInvalid(file, known, async (offset, size) => bytes.subarray(offset, offset + size), 0);
}

/** The text of a file in chunks. A byte order mark decides its encoding, else `encoding` does; the mark is dropped. */
export async function* readTextFile(file: string, encoding = 'utf-8', signal?: AbortSignal): AsyncGenerator<TextChunk> {
  signal?.throwIfAborted();
  const beginning = await readBeginning(file);
  const known = markedEncoding(file, beginning) ?? encoding;
  const decode = decoderOf(known);
  const handle = await open(file).catch((error) => throwUnreadable(file, error));
  try {
    const buffer = new Uint8Array(CHUNK_BYTES);
    const readAt: ReadAt = async (offset, size) => {
      const read = handle.read(buffer, 0, size, offset);
      const { bytesRead } = await read.catch((error) => throwUnreadable(file, error));
      return buffer.subarray(0, bytesRead);
    };
    for (let offset = 0; ; ) {
      signal?.throwIfAborted();
      const bytes = await readAt(offset, CHUNK_BYTES);
      const text = decode(bytes) ?? (await throwInvalid(file, known, readAt, offset));
      offset += bytes.length;
      if (text !== '' || bytes.length > 0) yield { text, bytes: bytes.length };
      if (bytes.length === 0) return;
    }
  } finally {
    await handle.close();
  }
}

/** Decodes the next bytes of a text; no bytes mean its end. The result is undefined for bytes that are invalid. */
export function decoderOf(encoding: string): (bytes: Uint8Array) => string | undefined {
  const decoder = new TextDecoder(encoding, { fatal: true });
  return (bytes) => {
    try {
      // Node before 24 reads windows-1252 as Latin-1 unless it decodes a stream.
      return bytes.length > 0 ? decoder.decode(bytes, { stream: true }) : decoder.decode();
    } catch {
      return undefined;
    }
  };
}

/** Reads up to `size` bytes of a text from `offset` on; none at its end. */
type ReadAt = (offset: number, size: number) => Promise<Uint8Array>;

/** Throws a TsgptError for a text that cannot be decoded. It is valid up to byte `valid`. */
async function throwInvalid(file: string, encoding: string, readAt: ReadAt, valid: number): Promise<never> {
  const place = `near byte ${await firstInvalid(encoding, readAt, valid)}`;
  const isText = !isBinary(await readAt(0, BEGINNING_BYTES), encoding);
  ensure(isText, `the file ${file} is not text but other data (${place}); name another file`);
  const name = new TextDecoder(encoding).encoding.replace('utf', 'UTF');
  throw new TsgptError(
    `the file ${file} is not ${name} text (${place}); ` +
      'give its encoding, such as windows-1252, with the option encoding, or save it as UTF-8',
  );
}

/** Where the first invalid bytes begin or end, found by decoding in ever smaller pieces. */
async function firstInvalid(encoding: string, readAt: ReadAt, valid: number): Promise<number> {
  for (const pieceBytes of [2 ** 10, 1]) {
    const decode = decoderOf(encoding);
    for (let offset = 0; ; ) {
      const bytes = await readAt(offset, offset < valid ? Math.min(CHUNK_BYTES, valid - offset) : pieceBytes);
      if (decode(bytes) === undefined || bytes.length === 0) {
        valid = offset;
        break;
      }
      offset += bytes.length;
    }
  }
  return valid;
}
