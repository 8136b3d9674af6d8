import { ensure, TsgptError } from '../../core/errors.ts';

/** A longer header is an attack or not a GGUF file: the vocabularies of today's largest models take about 15 MB. */
export const MAX_HEADER_BYTES = 100_000_000;

/** The format's limit for metadata keys, applied to tensors' names as well. */
export const MAX_NAME_BYTES = 65_535;

/** Thrown where the header goes on after the bytes that were read, but not after the end of the file: read up to `end`. */
export class NeedsMoreBytes extends Error {
  readonly end: number;

  constructor(end: number) {
    super(`the header has at least ${end} bytes`);
    this.end = end;
  }
}

/**
 * A place in the header that moves on as values are read. It never passes the end of the file: what a length or a count in the
 * file promises is compared with the bytes that are left before anything is read or made.
 */
export class Cursor {
  at = 0;
  readonly bytes: Uint8Array;
  readonly fileBytes: number;
  /** The file's name, for error messages. */
  readonly file: string;
  readonly #view: DataView;

  /** @param bytes the first bytes of a file that has `fileBytes` */
  constructor(bytes: Uint8Array, fileBytes: number, file: string) {
    this.bytes = bytes;
    this.fileBytes = fileBytes;
    this.file = file;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** Makes sure that `length` more bytes can be read. `what` they are is for the error message. */
  need(length: number, what: string): void {
    const end = this.at + length;
    ensure(
      end <= this.fileBytes,
      () =>
        `${this.file} is truncated or damaged: ${what} would end at byte ${end}, but the file has ${this.fileBytes}; download it again.`,
    );
    ensure(
      end <= MAX_HEADER_BYTES,
      () =>
        `${this.file} cannot be read: ${what} would end at byte ${end}, and a header may have ${MAX_HEADER_BYTES}; check that it is the right file.`,
    );
    if (end > this.bytes.length) throw new NeedsMoreBytes(end);
  }

  /** Passes over `length` bytes and returns where they begin. */
  skip(length: number, what: string): number {
    this.need(length, what);
    const start = this.at;
    this.at += length;
    return start;
  }

  uint32(what: string): number {
    return this.#view.getUint32(this.skip(4, what), true);
  }

  /** An unsigned 64-bit integer: exact up to 2^53, and beyond that still far too large for what is counted here. */
  uint64(what: string): number {
    const start = this.skip(8, what);
    return this.#view.getUint32(start, true) + this.#view.getUint32(start + 4, true) * 2 ** 32;
  }

  /** Passes over a string. */
  skipString(what: string): void {
    this.skip(this.uint64(what), what);
  }

  /** @throws TsgptError if the bytes are not UTF-8: a name with a character replaced would be another name */
  string(what: string, maxBytes = MAX_HEADER_BYTES): string {
    const length = this.uint64(what);
    ensure(
      length <= maxBytes,
      () =>
        `${this.file} is damaged: ${what} would have ${length} bytes, and ${maxBytes} is the limit; download it again.`,
    );
    const start = this.skip(length, what);
    try {
      return utf8.decode(this.bytes.subarray(start, start + length));
    } catch (cause) {
      throw new TsgptError(`${this.file} is damaged: ${what} is not UTF-8; download it again.`, { cause });
    }
  }
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
