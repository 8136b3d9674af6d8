/**
 * Where the readers of all formats take their bytes from: a file on disk (`tsgpt/node` opens it), or memory. Readers ask for ranges, so that a file of
 * many gigabytes is never in memory as a whole.
 */
import { ensure } from '../core/errors.ts';
import type { FileRegion } from '../core/file-region.ts';

export interface ByteSource {
  /** What error messages call it; a file's path. */
  readonly name: string;
  readonly byteLength: number;
  /** The path of the file that the bytes lie in; undefined if they lie in memory. */
  readonly path?: string;
  /** Fills all of `target` with the bytes from `offset` on. */
  readInto(target: Uint8Array, offset: number): Promise<void>;
  close(): Promise<void>;
}

/** Bytes in memory as a source, for example those of a file that a browser fetched. They are not copied. */
export function bytesInMemory(bytes: Uint8Array, name: string): ByteSource {
  return {
    name,
    byteLength: bytes.length,
    readInto: async (target, offset) => target.set(bytes.subarray(offset, offset + target.length)),
    close: async () => {},
  };
}

/** The place of some bytes in the file of a source, where others can read them or map them into memory. */
export function regionOf({ name, path }: ByteSource, offset: number, length: number): FileRegion {
  ensure(path !== undefined, () => `${name} lies in memory and has no place on disk; open it from a file`);
  return { path, offset, length };
}

/** The memory of a typed array, which may be a part of a larger buffer, as bytes. They are not copied. */
export function bytesView(array: ArrayBufferView): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}
