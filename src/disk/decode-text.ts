import { type FileHandle, open } from 'node:fs/promises';
import { TextDecoder } from 'node:util';
import { TsgptError } from '../core/errors.ts';
import { printable } from '../core/printable.ts';
import type { TextChunk } from '../text/text-source.ts';
import { isBinary, markedEncoding, readBeginning } from './file-kind.ts';
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

/** The text of a file in chunks. A byte order mark decides its encoding, else `encoding` does; the mark is dropped. */
export async function* readTextFile(file: string, encoding = 'utf-8', signal?: AbortSignal): AsyncGenerator<TextChunk> {
  signal?.throwIfAborted();
  const beginning = await readBeginning(file);
  const known = markedEncoding(file, beginning) ?? encoding;
  const decode = decoderOf(known);
  const handle = await open(file).catch((error) => throwUnreadable(file, error));
  try {
    const buffer = new Uint8Array(CHUNK_BYTES);
    for (let offset = 0; ; ) {
      signal?.throwIfAborted();
      const bytes = await read(handle, buffer, file);
      const text = decode(bytes);
      if (text === undefined) {
        const place = `near byte ${await firstInvalid(file, known, offset)}`;
        throw isBinary(beginning, known) ? notText(file, place) : wrongEncoding(file, known, place);
      }
      offset += bytes.length;
      if (text !== '' || bytes.length > 0) yield { text, bytes: bytes.length };
      if (bytes.length === 0) return;
    }
  } finally {
    await handle.close();
  }
}

/** The next bytes of the file, in `buffer`; none at its end. */
async function read(handle: FileHandle, buffer: Uint8Array, file: string): Promise<Uint8Array> {
  const { bytesRead } = await handle.read(buffer).catch((error) => throwUnreadable(file, error));
  return buffer.subarray(0, bytesRead);
}

/** Decodes the next bytes of a text; no bytes mean its end. The result is undefined for bytes that are invalid. */
function decoderOf(encoding: string): (bytes: Uint8Array) => string | undefined {
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

/** Where the first invalid bytes begin or end, found by decoding in ever smaller pieces. The file is valid up to `valid`. */
async function firstInvalid(file: string, encoding: string, valid: number): Promise<number> {
  for (const pieceBytes of [2 ** 10, 1]) {
    const handle = await open(file).catch((error) => throwUnreadable(file, error));
    try {
      const decode = decoderOf(encoding);
      for (let offset = 0; ; ) {
        const size = offset < valid ? Math.min(CHUNK_BYTES, valid - offset) : pieceBytes;
        const bytes = await read(handle, new Uint8Array(size), file);
        if (decode(bytes) === undefined || bytes.length === 0) {
          valid = offset;
          break;
        }
        offset += bytes.length;
      }
    } finally {
      await handle.close();
    }
  }
  return valid;
}

function notText(file: string, place: string): TsgptError {
  return new TsgptError(`the file ${file} is not text but other data (${place}); name another file`);
}

function wrongEncoding(file: string, encoding: string, place: string): TsgptError {
  const name = new TextDecoder(encoding).encoding.replace('utf', 'UTF');
  return new TsgptError(
    `the file ${file} is not ${name} text (${place}); ` +
      'give its encoding, such as windows-1252, with the option encoding, or save it as UTF-8',
  );
}
