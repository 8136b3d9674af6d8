import { ensure } from '../core/errors.ts';
import type { StoredBlocks } from './stored-constant.ts';

/** The number of neighbours in a row that share a scale, as in llama.cpp's Q8_0 and Q4_0. */
export const blockSize = 32;

/**
 * Rounds a float32 matrix `[rows, columns]` to blocks of small integers with one scale each. With 8 bits, integers go from -127 to 127,
 * as in llama.cpp's Q8_0. With 4 bits they go from -8 to 7, as in its Q4_0, and the number of the largest magnitude in a block is kept
 * exactly. Throws a TsgptError if `columns` is not a multiple of 32.
 */
export function quantizeBlocks(
  values: Float32Array,
  [rows, columns]: readonly [number, number],
  bits: 4 | 8,
): StoredBlocks {
  ensure(
    values.length === rows * columns && columns % blockSize === 0,
    () =>
      `only a matrix whose rows are multiples of ${blockSize} long can be quantized, but this one is ${rows} by ${columns}`,
  );
  const blockCount = values.length / blockSize;
  const blockBytes = (blockSize * bits) / 8;
  const scales = new Float32Array(blockCount);
  const integers = new Uint8Array(blockCount * blockBytes);
  const write = bits === 8 ? writeBytes : writeNibbles;
  for (let block = 0; block < blockCount; block++) {
    scales[block] = write(values, block * blockSize, integers, block * blockBytes);
  }
  return { format: 'blocks', bits, blockSize, integers, scales: new Uint8Array(scales.buffer) };
}

/** Writes the block that begins at `start` as 8-bit integers and returns its scale. */
function writeBytes(values: Float32Array, start: number, integers: Uint8Array, target: number): number {
  let largest = 0;
  for (let i = 0; i < blockSize; i++) largest = Math.max(largest, Math.abs(values[start + i]!));
  const scale = Math.fround(largest / 127);
  const inverse = scale === 0 ? 0 : 1 / scale;
  for (let i = 0; i < blockSize; i++) integers[target + i] = Math.round(values[start + i]! * inverse) + 128;
  return scale;
}

/** Writes the block that begins at `start` as 4-bit integers, two in a byte, the first in its lower half, and returns its scale. */
function writeNibbles(values: Float32Array, start: number, integers: Uint8Array, target: number): number {
  let largest = 0;
  for (let i = start; i < start + blockSize; i++) if (Math.abs(values[i]!) > Math.abs(largest)) largest = values[i]!;
  // The range reaches further down than up, so the number of the largest magnitude becomes -8 steps, whatever its sign.
  const scale = Math.fround(largest / -8);
  const inverse = scale === 0 ? 0 : 1 / scale;
  const nibble = (value: number) => Math.min(15, Math.floor(value * inverse + 8.5));
  for (let i = 0; i < blockSize; i += 2) {
    integers[target + i / 2] = nibble(values[start + i]!) | (nibble(values[start + i + 1]!) << 4);
  }
  return scale;
}
