/**
 * The types whose blocks hold 256 elements, ggml's "K-quants": groups of 16 or 32 elements have small integers as scales (and offsets), in units
 * that the whole block shares. `q` below is an element's small integer.
 *
 * Source: the structs and the functions `dequantize_row_*` of ggml (`ggml-common.h`, `ggml-quants.c`).
 */
import { readFloat16 } from '../half-floats.ts';
import { signed } from './blocks-of-32.ts';

/**
 * Q2_K: 256 elements in 84 bytes; sixteen groups of 16, each with a scale and an offset of four bits.
 * Element = scaleUnit * scale * q - offsetUnit * offset.
 *
 *     16 bytes   scales in the lower four bits, offsets in the upper
 *     64 bytes   q, see twoBits
 *     2 bytes    scaleUnit, half precision
 *     2 bytes    offsetUnit, half precision
 */
export function dequantizeQ2_K(blocks: Uint8Array, target: Float32Array): void {
  for (let at = 0, out = 0; out < target.length; at += 84) {
    const scaleUnit = readFloat16(blocks, at + 80);
    const offsetUnit = readFloat16(blocks, at + 82);
    for (let group = 0; group < 16; group++, out += 16) {
      const scale = scaleUnit * (blocks[at + group]! & 15);
      const offset = offsetUnit * (blocks[at + group]! >> 4);
      for (let i = 0; i < 16; i++) target[out + i] = scale * twoBits(blocks, at + 16, group, i) - offset;
    }
  }
}

/**
 * Q3_K: 256 elements in 110 bytes; sixteen groups of 16, each with a six-bit scale in a unit that the whole block shares.
 * Element = unit * (scale - 32) * (q - 4).
 *
 *     32 bytes   the upper bit of q: bit n of byte i belongs to element i of the n-th 32
 *     64 bytes   the lower two bits of q, see twoBits
 *     12 bytes   scales: the lower four bits of groups 0 to 7 in the lower halves of bytes 0 to 7, of groups 8 to 15 in the upper halves; the upper
 *                two bits of groups 0, 4, 8 and 12 in byte 8, from the lowest bits on; of groups 1, 5, 9 and 13 in byte 9, ...
 *     2 bytes    unit, half precision
 */
export function dequantizeQ3_K(blocks: Uint8Array, target: Float32Array): void {
  for (let at = 0, out = 0; out < target.length; at += 110) {
    const unit = readFloat16(blocks, at + 108);
    for (let group = 0; group < 16; group++, out += 16) {
      const lower = (blocks[at + 96 + (group & 7)]! >> (group < 8 ? 0 : 4)) & 15;
      const upper = (blocks[at + 104 + (group & 3)]! >> (2 * (group >> 2))) & 3;
      const scale = unit * ((lower | (upper << 4)) - 32);
      for (let i = 0; i < 16; i++) {
        const upperBit = (blocks[at + 16 * (group & 1) + i]! >> (group >> 1)) & 1;
        target[out + i] = scale * ((twoBits(blocks, at + 32, group, i) | (upperBit << 2)) - 4);
      }
    }
  }
}

/**
 * The integer of element `i` of a group of 16, in 64 bytes of two-bit integers: 32 bytes for each half of the block, whose first 32 elements are in
 * the lowest two bits, the next 32 in the next two, ...
 */
function twoBits(blocks: Uint8Array, at: number, group: number, i: number): number {
  const half = group >> 3;
  const quarter = (group >> 1) & 3;
  return (blocks[at + 32 * half + 16 * (group & 1) + i]! >> (2 * quarter)) & 3;
}

/**
 * Q4_K: 256 elements in 144 bytes; eight groups of 32, each with its own scale and offset, 6-bit integers in units that the whole block shares.
 * Element = scaleUnit * scale * q - offsetUnit * offset.
 *
 *     2 bytes     scaleUnit, half precision
 *     2 bytes     offsetUnit, half precision
 *     12 bytes    the eight scales and eight offsets, see sixBits
 *     128 bytes   q: 32 bytes for groups 0 (lower four bits) and 1 (upper four), 32 for groups 2 and 3, ...
 */
export function dequantizeQ4_K(blocks: Uint8Array, target: Float32Array): void {
  for (let at = 0, out = 0; out < target.length; at += 144) {
    const scaleUnit = readFloat16(blocks, at);
    const offsetUnit = readFloat16(blocks, at + 2);
    for (let group = 0; group < 8; group++, out += 32) {
      const scale = scaleUnit * sixBits(blocks, at + 4, group, 0);
      const offset = offsetUnit * sixBits(blocks, at + 4, group, 1);
      const first = at + 16 + 32 * (group >> 1);
      const shift = group & 1 ? 4 : 0;
      for (let i = 0; i < 32; i++) target[out + i] = scale * ((blocks[first + i]! >> shift) & 15) - offset;
    }
  }
}

/**
 * Q5_K: 256 elements in 176 bytes; as Q4_K, but with one more bit for each element.
 *
 *     2 bytes     scaleUnit, half precision
 *     2 bytes     offsetUnit, half precision
 *     12 bytes    the eight scales and eight offsets, see sixBits
 *     32 bytes    the upper bit of q: bit n of byte i belongs to element i of group n
 *     128 bytes   the lower four bits of q, as in Q4_K
 */
export function dequantizeQ5_K(blocks: Uint8Array, target: Float32Array): void {
  for (let at = 0, out = 0; out < target.length; at += 176) {
    const scaleUnit = readFloat16(blocks, at);
    const offsetUnit = readFloat16(blocks, at + 2);
    for (let group = 0; group < 8; group++, out += 32) {
      const scale = scaleUnit * sixBits(blocks, at + 4, group, 0);
      const offset = offsetUnit * sixBits(blocks, at + 4, group, 1);
      const first = at + 48 + 32 * (group >> 1);
      const shift = group & 1 ? 4 : 0;
      for (let i = 0; i < 32; i++) {
        const upper = (blocks[at + 16 + i]! >> group) & 1;
        target[out + i] = scale * (((blocks[first + i]! >> shift) & 15) | (upper << 4)) - offset;
      }
    }
  }
}

/**
 * One of the sixteen 6-bit integers of a Q4_K or Q5_K block, packed into twelve bytes. Groups 0 to 3: bytes 0 to 3 hold the scales in their
 * lower six bits, bytes 4 to 7 the offsets. Groups 4 to 7: the upper two bits are in the two remaining bits of those bytes, the lower four in
 * bytes 8 to 11, the scale's in the lower half of the byte and the offset's in the upper.
 *
 * @param kind 0 for the scale, 1 for the offset
 */
function sixBits(blocks: Uint8Array, at: number, group: number, kind: 0 | 1): number {
  if (group < 4) return blocks[at + 4 * kind + group]! & 63;
  const lower = (blocks[at + 4 + group]! >> (4 * kind)) & 15;
  const upper = blocks[at + 4 * kind + group - 4]! >> 6;
  return lower | (upper << 4);
}

/**
 * Q6_K: 256 elements in 210 bytes; sixteen groups of 16, each with a signed 8-bit scale in a unit that the whole block shares.
 * Element = unit * scale * (q - 32). Each half of the block, 128 elements, has four quarters of 32.
 *
 *     128 bytes   lower four bits of q, 64 bytes for each half: quarters 0 and 1 in the lower four bits, 2 and 3 in the upper
 *     64 bytes    upper two bits of q, 32 bytes for each half: quarter 0 in the lowest two bits, ..., 3 in the highest
 *     16 bytes    scales, signed
 *     2 bytes     unit, half precision
 */
export function dequantizeQ6_K(blocks: Uint8Array, target: Float32Array): void {
  for (let at = 0, out = 0; out < target.length; at += 210) {
    const unit = readFloat16(blocks, at + 208);
    for (let group = 0; group < 16; group++, out += 16) {
      const scale = unit * signed(blocks[at + 192 + group]!);
      const half = group >> 3;
      const quarter = (group >> 1) & 3;
      const inQuarter = 16 * (group & 1);
      const lower = at + 64 * half + 32 * (quarter & 1) + inQuarter;
      const upper = at + 128 + 32 * half + inQuarter;
      const lowerShift = quarter < 2 ? 0 : 4;
      const upperShift = 2 * quarter;
      for (let i = 0; i < 16; i++) {
        const q = ((blocks[lower + i]! >> lowerShift) & 15) | (((blocks[upper + i]! >> upperShift) & 3) << 4);
        target[out + i] = scale * (q - 32);
      }
    }
  }
}
