import { open } from 'node:fs/promises';
import { pipeline, Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { TsgptError } from '../../core/errors.ts';
import { throwUnreadable } from '../unreadable.ts';
import { unpackZstd } from './zstd.ts';

const CHUNK_BYTES = 2 ** 18;

/** What standard input is called on the command line. */
export const standardInput = '-';

export interface ReadBytesOptions {
  readonly signal?: AbortSignal | undefined;
  /** Called with the number of bytes that have been read from the file. */
  readonly onBytes?: (bytes: number) => void;
}

/** The contents of a file, or of standard input; what is packed by gzip or zstd is unpacked. What it is, its first bytes say, not its name. */
export async function* readBytes(path: string, options: ReadBytesOptions = {}): AsyncGenerator<Uint8Array> {
  const name = path === standardInput ? 'standard input' : path;
  const chunks = path === standardInput ? inputChunks(options) : fileChunks(path, options);
  const first = await atLeast(chunks, 4);
  const whole = startingWith(first, chunks);
  if (isGzip(first)) yield* gunzip(name, whole);
  else if (isZstd(first)) yield* unpackZstd(name, whole);
  else yield* whole;
}

const begins = (bytes: Uint8Array, beginning: readonly number[]) => beginning.every((byte, i) => bytes[i] === byte);
const isGzip = (bytes: Uint8Array) => begins(bytes, [0x1f, 0x8b, 0x08]);
/** A file of several frames may begin with one to be skipped. */
const isZstd = (bytes: Uint8Array) =>
  begins(bytes, [0x28, 0xb5, 0x2f, 0xfd]) ||
  ((bytes[0]! & 0xf0) === 0x50 && begins(bytes.subarray(1), [0x2a, 0x4d, 0x18]));

/** Whether a file that begins so is packed by gzip or zstd. */
export const isPacked = (beginning: Uint8Array) => isGzip(beginning) || isZstd(beginning);

async function* fileChunks(path: string, { signal, onBytes }: ReadBytesOptions): AsyncGenerator<Uint8Array> {
  const file = await open(path).catch((error) => throwUnreadable(path, error));
  try {
    for (;;) {
      signal?.throwIfAborted();
      const buffer = new Uint8Array(CHUNK_BYTES);
      const { bytesRead } = await file.read(buffer).catch((error) => throwUnreadable(path, error));
      if (bytesRead === 0) return;
      onBytes?.(bytesRead);
      yield buffer.subarray(0, bytesRead);
    }
  } finally {
    await file.close();
  }
}

async function* inputChunks({ signal, onBytes }: ReadBytesOptions): AsyncGenerator<Uint8Array> {
  // Waiting for input that never comes must end, too.
  const stop = () => void process.stdin.destroy(signal!.reason);
  signal?.throwIfAborted();
  signal?.addEventListener('abort', stop, { once: true });
  try {
    for await (const chunk of process.stdin) {
      signal?.throwIfAborted();
      onBytes?.(chunk.length);
      yield typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
    }
  } finally {
    signal?.removeEventListener('abort', stop);
  }
}

async function* gunzip(name: string, packed: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const unpacked = pipeline(Readable.from(packed, { objectMode: false }), createGunzip(), () => {});
  try {
    for await (const bytes of unpacked) yield bytes as Uint8Array;
  } catch (cause) {
    const isDamaged = String((cause as NodeJS.ErrnoException).code).startsWith('Z_');
    if (!isDamaged) throw cause;
    throw new TsgptError(`${name} is not complete gzip data (${(cause as Error).message}); get the file again`, {
      cause,
    });
  }
}

/** The first chunks joined, until they have `length` bytes or are all there is. */
async function atLeast(chunks: AsyncGenerator<Uint8Array>, length: number): Promise<Uint8Array> {
  let first: Uint8Array = new Uint8Array();
  while (first.length < length) {
    const { value, done } = await chunks.next();
    if (done) break;
    first = first.length === 0 ? value : Buffer.concat([first, value]);
  }
  return first;
}

async function* startingWith(first: Uint8Array, rest: AsyncGenerator<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    if (first.length > 0) yield first;
    yield* rest;
  } finally {
    await rest.return(undefined);
  }
}
