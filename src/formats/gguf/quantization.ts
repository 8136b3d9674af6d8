/**
 * The storage types of tensors, and their conversion from and to float32. Most types are quantized: the elements of a block share a scale, and each
 * element is a small integer, q below.
 *
 * Reading is exact: all products fit in float32's 24 bits (11 bits of a half-precision scale, 6 to 8 of a sub-scale, 4 to 8 of an element), so the
 * results equal those of llama.cpp bit for bit.
 *
 * Source of the layouts: the structs and the functions `dequantize_row_*` and `quantize_row_*_ref` of ggml (`ggml-common.h`, `ggml-quants.c`).
 */
import { ensure } from '../../core/errors.ts';
import { bytesView } from '../byte-source.ts';
import { readFloat16, toFloat16, widenBFloat16, widenFloat16 } from '../half-floats.ts';
import type { GgmlTypeName } from './types.ts';

/**
 * Turns whole blocks into float32.
 *
 * @param blocks starts at an even address (16-bit types are read as such)
 * @param target has the number of elements in the blocks
 */
export type Dequantize = (blocks: Uint8Array, target: Float32Array) => void;

/** The conversion to float32 of each type that can be read. F32 needs none. */
export const DEQUANTIZE: Partial<Record<GgmlTypeName, Dequantize>> = {
  F16: (blocks, target) => widenFloat16(sixteenBits(blocks), target),
  BF16: (blocks, target) => widenBFloat16(sixteenBits(blocks), target),
  Q8_0: dequantizeQ8_0,
  Q4_0: dequantizeQ4_0,
  Q5_0: dequantizeQ5_0,
  Q4_K: dequantizeQ4_K,
  Q6_K: dequantizeQ6_K,
};

/** The types in which tensors can be written. */
export type WritableType = 'F32' | 'F16' | 'Q8_0' | 'Q4_0';

/**
 * Turns float32 into whole blocks.
 *
 * @param values a whole number of blocks
 * @param name the tensor's name, for error messages
 * @throws TsgptError if the type cannot hold a number
 */
export type Quantize = (values: Float32Array, name: string) => Uint8Array;

/** The conversion from float32 to each type that can be written. */
export const QUANTIZE: Record<WritableType, Quantize> = {
  F32: bytesView,
  F16: quantizeF16,
  Q8_0: quantizeQ8_0,
  Q4_0: quantizeQ4_0,
};

/** The same memory as 16-bit integers. */
function sixteenBits(bytes: Uint8Array): Uint16Array {
  return new Uint16Array(bytes.buffer, bytes.byteOffset, bytes.length / 2);
}

/** Rounds to the nearest half. Infinities and NaN stay what they are; finite numbers must stay finite. */
function quantizeF16(values: Float32Array, name: string): Uint8Array {
  const halves = new Uint16Array(values.length);
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    halves[i] = toFloat16(value);
    ensure(
      (halves[i]! & 0x7fff) !== 0x7c00 || !Number.isFinite(value),
      () =>
        `tensor ${name} cannot be written as F16: it has the value ${value}, but 65504 is the limit; write it as F32`,
    );
  }
  return new Uint8Array(halves.buffer);
}

/**
 * Q8_0: 32 elements in 34 bytes. Element = scale * q.
 *
 *     2 bytes    scale, half precision
 *     32 bytes   q, signed
 */
function dequantizeQ8_0(blocks: Uint8Array, target: Float32Array): void {
  for (let at = 0, out = 0; out < target.length; at += 34, out += 32) {
    const scale = readFloat16(blocks, at);
    for (let i = 0; i < 32; i++) target[out + i] = scale * signed(blocks[at + 2 + i]!);
  }
}

/**
 * To Q8_0: the largest magnitude of 32 numbers becomes 127. Exactly ggml's `quantize_row_q8_0_ref`: every step is rounded to float32, the multiplier
 * comes from the scale before it is rounded to half precision, and elements are rounded to the nearest integer, halves away from zero.
 */
function quantizeQ8_0(values: Float32Array, name: string): Uint8Array {
  const blocks = new Uint8Array((values.length / 32) * 34);
  for (let from = 0, at = 0; from < values.length; from += 32, at += 34) {
    let largest = 0;
    for (let i = from; i < from + 32; i++) largest = Math.max(largest, Math.abs(values[i]!)); // NaN if there is one
    const scale = Math.fround(largest / 127);
    const multiplier = scale === 0 ? 0 : Math.fround(1 / scale);
    const half = toFloat16(scale);
    ensure(
      half < 0x7c00,
      () => `tensor ${name} cannot be written as Q8_0: it has NaN or a number beyond 8 million; write it as F32`,
    );
    blocks[at] = half & 0xff;
    blocks[at + 1] = half >> 8;
    for (let i = 0; i < 32; i++) blocks[at + 2 + i] = roundHalfAway(Math.fround(values[from + i]! * multiplier));
  }
  return blocks;
}

/**
 * Q4_0: 32 elements in 18 bytes. Element = scale * (q - 8).
 *
 *     2 bytes    scale, half precision
 *     16 bytes   q of elements 0 to 15 in the lower four bits, of elements 16 to 31 in the upper four
 */
function dequantizeQ4_0(blocks: Uint8Array, target: Float32Array): void {
  for (let at = 0, out = 0; out < target.length; at += 18, out += 32) {
    const scale = readFloat16(blocks, at);
    for (let i = 0; i < 16; i++) {
      const pair = blocks[at + 2 + i]!;
      target[out + i] = scale * ((pair & 15) - 8);
      target[out + i + 16] = scale * ((pair >> 4) - 8);
    }
  }
}

/**
 * To Q4_0: the number with the largest magnitude of 32, the first of equal ones, becomes -8. Exactly ggml's `quantize_row_q4_0_ref`: every step is
 * rounded to float32, and the multiplier comes from the scale before it is rounded to half precision.
 */
function quantizeQ4_0(values: Float32Array, name: string): Uint8Array {
  const blocks = new Uint8Array((values.length / 32) * 18);
  for (let from = 0, at = 0; from < values.length; from += 32, at += 18) {
    let extreme = 0;
    for (let i = from; i < from + 32; i++) {
      const value = values[i]!;
      if (Number.isNaN(value) || Math.abs(value) > Math.abs(extreme)) extreme = value; // NaN stays: nothing is greater
    }
    const scale = Math.fround(extreme / -8);
    const multiplier = scale === 0 ? 0 : Math.fround(1 / scale);
    const half = toFloat16(scale);
    ensure(
      (half & 0x7fff) < 0x7c00,
      () => `tensor ${name} cannot be written as Q4_0: it has NaN or a number beyond 500,000; write it as F32`,
    );
    blocks[at] = half & 0xff;
    blocks[at + 1] = half >> 8;
    const step = (i: number) => Math.min(15, Math.trunc(Math.fround(Math.fround(values[i]! * multiplier) + 8.5)));
    for (let i = 0; i < 16; i++) blocks[at + 2 + i] = step(from + i) | (step(from + 16 + i) << 4);
  }
  return blocks;
}

/**
 * Q5_0: 32 elements in 22 bytes. Element = scale * (q - 16).
 *
 *     2 bytes    scale, half precision
 *     4 bytes    the upper bit of q: that of element i is bit i of the little-endian integer
 *     16 bytes   the lower four bits of q, as in Q4_0
 */
function dequantizeQ5_0(blocks: Uint8Array, target: Float32Array): void {
  for (let at = 0, out = 0; out < target.length; at += 22, out += 32) {
    const scale = readFloat16(blocks, at);
    for (let i = 0; i < 32; i++) {
      const lower = (blocks[at + 6 + (i & 15)]! >> (i < 16 ? 0 : 4)) & 15;
      const upper = (blocks[at + 2 + (i >> 3)]! >> (i & 7)) & 1;
      target[out + i] = scale * ((lower | (upper << 4)) - 16);
    }
  }
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
function dequantizeQ4_K(blocks: Uint8Array, target: Float32Array): void {
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
 * One of the sixteen 6-bit integers of a Q4_K block, packed into twelve bytes. Groups 0 to 3: bytes 0 to 3 hold the scales in their lower six bits,
 * bytes 4 to 7 the offsets. Groups 4 to 7: the upper two bits are in the two remaining bits of those bytes, the lower four in bytes 8 to 11, the
 * scale's in the lower half of the byte and the offset's in the upper.
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
function dequantizeQ6_K(blocks: Uint8Array, target: Float32Array): void {
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

/** A byte as an integer from -128 to 127. */
function signed(byte: number): number {
  return (byte << 24) >> 24;
}

/** C's `roundf`; `Math.round` rounds -2.5 to -2. Storing the result in a byte gives its two's complement. */
function roundHalfAway(x: number): number {
  return x < 0 ? -Math.floor(0.5 - x) : Math.floor(x + 0.5);
}
