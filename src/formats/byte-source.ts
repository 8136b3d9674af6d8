/**
 * The source of bytes for the readers of all formats: a file on disk (`tsgpt/node` opens it), or memory. Readers ask for ranges, so that a file of
 * many gigabytes is never in memory as a whole.
 */

import { ensure } from '../core/errors.ts';
import type { FileRegion } from '../core/file-region.ts';
import { ensureCount, ensureFunction, ensureKind } from '../core/kind.ts';

export interface ByteSource {
  /** The name for error messages; for a file, its path. */
  readonly name: string;
  readonly byteLength: number;
  /** The path of the file; undefined if the bytes are in memory. */
  readonly path?: string;
  /** What to do if the bytes are damaged, for error messages. Defaults to downloading the file again. */
  readonly remedy?: string | undefined;
  /** Fills all of `target` with the bytes from `offset` on. */
  readInto(target: Uint8Array, offset: number): Promise<void>;
  close(): Promise<void>;
}

/** Bytes in memory as a source, for example those of a file that a browser fetched. They are not copied. */
export function bytesInMemory(bytes: Uint8Array, name: string): ByteSource {
  ensureKind('bytesInMemory', 'bytes in a Uint8Array', bytes, 'subarray', 'BYTES_PER_ELEMENT');
  return {
    name,
    byteLength: bytes.length,
    readInto: async (target, offset) => target.set(bytes.subarray(offset, offset + target.length)),
    close: async () => {},
  };
}

/** Throws a TsgptError unless `source` can be read. */
export function ensureByteSource(source: ByteSource): void {
  ensureKind('open', 'a source of bytes, as from bytesInMemory', source, 'byteLength', 'readInto', 'close');
  ensureCount('byteLength', source.byteLength, 0);
  ensureFunction('open', 'readInto', source.readInto);
  ensureFunction('open', 'close', source.close);
}

/** The region of some bytes in a source's file, for others to read or map into memory. */
export function regionOf({ name, path }: ByteSource, offset: number, length: number): FileRegion {
  ensure(path !== undefined, () => `${name} is in memory, not on disk; open it from a file`);
  return { path, offset, length };
}

/** The memory of a typed array, which may be a part of a larger buffer, as bytes. They are not copied. */
export function bytesView(array: ArrayBufferView): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}
