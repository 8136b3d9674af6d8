/**
 * The types whose blocks hold 32 elements, which share a scale (and with `_1` an offset); `q` below is an element's small integer.
 *
 * Source: the structs and the functions `dequantize_row_*` and `quantize_row_*_ref` of ggml (`ggml-common.h`, `ggml-quants.c`).
 */
import { ensure } from '../../core/errors.ts';
import { readFloat16, toFloat16 } from '../half-floats.ts';

/**
 * Q8_0: 32 elements in 34 bytes. Element = scale * q.
 *
 *     2 bytes    scale, half precision
 *     32 bytes   q, signed
 */
export function dequantizeQ8_0(blocks: Uint8Array, target: Float32Array): void {
  for (let at = 0, out = 0; out < target.length; at += 34, out += 32) {
    const scale = readFloat16(blocks, at);
    for (let i = 0; i < 32; i++) target[out + i] = scale * signed(blocks[at + 2 + i]!);
  }
}

/**
 * To Q8_0: the largest magnitude of 32 numbers becomes 127. Exactly ggml's `quantize_row_q8_0_ref`: every step is rounded to float32, the multiplier
 * comes from the scale before it is rounded to half precision, and elements are rounded to the nearest integer, halves away from zero.
 */
export function quantizeQ8_0(values: Float32Array, name: string): Uint8Array {
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
export function dequantizeQ4_0(blocks: Uint8Array, target: Float32Array): void {
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
export function quantizeQ4_0(values: Float32Array, name: string): Uint8Array {
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
 * Q4_1: 32 elements in 20 bytes. Element = scale * q + offset.
 *
 *     2 bytes    scale, half precision
 *     2 bytes    offset, half precision
 *     16 bytes   q, as in Q4_0
 */
export function dequantizeQ4_1(blocks: Uint8Array, target: Float32Array): void {
  for (let at = 0, out = 0; out < target.length; at += 20, out += 32) {
    const scale = readFloat16(blocks, at);
    const offset = readFloat16(blocks, at + 2);
    for (let i = 0; i < 32; i++) target[out + i] = scale * fourBits(blocks, at + 4, i) + offset;
  }
}

/**
 * Q5_0: 32 elements in 22 bytes. Element = scale * (q - 16).
 *
 *     2 bytes    scale, half precision
 *     4 bytes    the upper bit of q: that of element i is bit i of the little-endian integer
 *     16 bytes   the lower four bits of q, as in Q4_0
 */
export function dequantizeQ5_0(blocks: Uint8Array, target: Float32Array): void {
  for (let at = 0, out = 0; out < target.length; at += 22, out += 32) {
    const scale = readFloat16(blocks, at);
    for (let i = 0; i < 32; i++) target[out + i] = scale * (fiveBits(blocks, at + 2, i) - 16);
  }
}

/**
 * Q5_1: 32 elements in 24 bytes. Element = scale * q + offset.
 *
 *     2 bytes    scale, half precision
 *     2 bytes    offset, half precision
 *     20 bytes   q, as in Q5_0
 */
export function dequantizeQ5_1(blocks: Uint8Array, target: Float32Array): void {
  for (let at = 0, out = 0; out < target.length; at += 24, out += 32) {
    const scale = readFloat16(blocks, at);
    const offset = readFloat16(blocks, at + 2);
    for (let i = 0; i < 32; i++) target[out + i] = scale * fiveBits(blocks, at + 4, i) + offset;
  }
}

/** The integer of element `i` in the 16 bytes of Q4_0 and Q4_1. */
function fourBits(blocks: Uint8Array, at: number, i: number): number {
  return i < 16 ? blocks[at + i]! & 15 : blocks[at + i - 16]! >> 4;
}

/** The integer of element `i` in the 20 bytes of Q5_0 and Q5_1. */
function fiveBits(blocks: Uint8Array, at: number, i: number): number {
  return fourBits(blocks, at + 4, i) | (((blocks[at + (i >> 3)]! >> (i & 7)) & 1) << 4);
}

/** A byte as an integer from -128 to 127. */
export function signed(byte: number): number {
  return (byte << 24) >> 24;
}

/** C's `roundf`; `Math.round` rounds -2.5 to -2. Storing the result in a byte gives its two's complement. */
function roundHalfAway(x: number): number {
  return x < 0 ? -Math.floor(0.5 - x) : Math.floor(x + 0.5);
}
