/**
 * The parts of a GGUF header: little-endian integers, and strings, as their length in bytes (64 bits) followed by UTF-8. {@link Cursor} reads them,
 * {@link ByteWriter} writes them.
 */
import { ensure, TsgptError } from '../../core/errors.ts';

/** A longer header is an attack or not a GGUF file: the vocabularies of today's largest models take about 15 MB. */
export const MAX_HEADER_BYTES = 100_000_000;

/** The format's limit for metadata keys, applied to tensor names, too. */
export const MAX_NAME_BYTES = 65_535;

/** Thrown if the header continues beyond the bytes read so far, but not beyond the end of the file: read up to `end`. */
export class NeedsMoreBytes extends Error {
  readonly end: number;

  constructor(end: number) {
    super(`the header has at least ${end} bytes`);
    this.end = end;
  }
}

/**
 * A position in the header that advances as values are read. It never passes the end of the file: every length or count in the file is compared with
 * the remaining bytes before anything is read or allocated.
 */
export class Cursor {
  at = 0;
  readonly bytes: Uint8Array;
  readonly fileBytes: number;
  /** The file's name, for error messages. */
  readonly file: string;
  readonly #view: DataView;

  /** @param bytes the first bytes of a file of `fileBytes` bytes */
  constructor(bytes: Uint8Array, fileBytes: number, file: string) {
    this.bytes = bytes;
    this.fileBytes = fileBytes;
    this.file = file;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** Makes sure that `length` more bytes can be read. `what` names them in the error message. */
  need(length: number, what: string): void {
    const end = this.at + length;
    ensure(
      end <= this.fileBytes,
      () =>
        `${this.file} is truncated or damaged: ${what} would end at byte ${end}, but the file has ${this.fileBytes}; download it again`,
    );
    ensure(
      end <= MAX_HEADER_BYTES,
      () =>
        `${this.file} cannot be read: ${what} would end at byte ${end}, but a header may have at most ${MAX_HEADER_BYTES}; check that it is the right file`,
    );
    if (end > this.bytes.length) throw new NeedsMoreBytes(end);
  }

  /** Skips `length` bytes and returns where they begin. */
  skip(length: number, what: string): number {
    this.need(length, what);
    const start = this.at;
    this.at += length;
    return start;
  }

  uint32(what: string): number {
    return this.#view.getUint32(this.skip(4, what), true);
  }

  /** An unsigned 64-bit integer, exact up to 2^53. A larger one is rounded; it is far too large for anything counted here. */
  uint64(what: string): number {
    const start = this.skip(8, what);
    return this.#view.getUint32(start, true) + this.#view.getUint32(start + 4, true) * 2 ** 32;
  }

  /** Skips a string. */
  skipString(what: string): void {
    this.skip(this.uint64(what), what);
  }

  /** @throws TsgptError if the bytes are not UTF-8: replacing a character would change a name */
  string(what: string, maxBytes = MAX_HEADER_BYTES): string {
    const length = this.uint64(what);
    ensure(
      length <= maxBytes,
      () =>
        `${this.file} is damaged: ${what} would have ${length} bytes, and ${maxBytes} is the limit; download it again`,
    );
    const start = this.skip(length, what);
    try {
      return decoder.decode(this.bytes.subarray(start, start + length));
    } catch (cause) {
      throw new TsgptError(`${this.file} is damaged: ${what} is not UTF-8; download it again`, { cause });
    }
  }
}

/** Writes a header value by value. */
export class ByteWriter {
  #bytes = new Uint8Array(1024);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** The bytes written so far. */
  result(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  bytes(bytes: Uint8Array): void {
    this.#grow(bytes.length);
    this.#bytes.set(bytes, this.#length - bytes.length);
  }

  uint32(value: number): void {
    this.bytes(new Uint8Array(Uint32Array.of(value).buffer));
  }

  uint64(value: number): void {
    this.bytes(new Uint8Array(BigUint64Array.of(BigInt(value)).buffer));
  }

  /** Writes the length in bytes (64 bits), then UTF-8. */
  string(text: string): void {
    const bytes = encoder.encode(text);
    this.uint64(bytes.length);
    this.bytes(bytes);
  }

  /** Writes zeros up to a multiple of `alignment`. */
  pad(alignment: number): void {
    this.#grow(-this.#length & (alignment - 1));
  }

  #grow(count: number): void {
    this.#length += count;
    if (this.#length <= this.#bytes.length) return;
    const larger = new Uint8Array(Math.max(this.#length, 2 * this.#bytes.length));
    larger.set(this.#bytes);
    this.#bytes = larger;
  }
}

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const encoder = new TextEncoder();
