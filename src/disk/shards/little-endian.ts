import { endianness } from 'node:os';
import type { TokenIds } from '../../text/encode-text.ts';

const isBigEndian = endianness() === 'BE';

/** Whole numbers as little-endian bytes: in most machines a view of them, elsewhere a copy. */
export function toLittleEndian(numbers: TokenIds): Uint8Array {
  const bytes = Buffer.from(numbers.buffer, numbers.byteOffset, numbers.byteLength);
  return isBigEndian ? swapped(Buffer.from(bytes), numbers.BYTES_PER_ELEMENT) : bytes;
}

/** Turns numbers that were read as little-endian bytes into this machine's, in place. */
export function fromLittleEndian(numbers: TokenIds): void {
  if (!isBigEndian) return;
  swapped(Buffer.from(numbers.buffer, numbers.byteOffset, numbers.byteLength), numbers.BYTES_PER_ELEMENT);
}

function swapped(bytes: Buffer, size: number): Buffer {
  return size === 2 ? bytes.swap16() : bytes.swap32();
}
