import { ensure } from '../../core/errors.ts';
import { toFloat16 } from './float16.ts';

/** The types tensors can be written in. */
export type WritableType = 'F32' | 'F16' | 'Q8_0' | 'Q4_0';

/**
 * Turns float32 into the stored form.
 *
 * @param values a whole number of blocks
 * @param name of the tensor, for error messages
 * @throws TsgptError if a number has no place in the type
 */
export type Quantize = (values: Float32Array, name: string) => Uint8Array;

export const QUANTIZE: Record<WritableType, Quantize> = {
  F32: (values) => new Uint8Array(values.buffer, values.byteOffset, values.byteLength),
  F16: quantizeF16,
  Q8_0: quantizeQ8_0,
  Q4_0: quantizeQ4_0,
};

/** Rounds to the nearest half. Infinities and NaN stay what they are; finite numbers must stay finite. */
function quantizeF16(values: Float32Array, name: string): Uint8Array {
  const halves = new Uint16Array(values.length);
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    halves[i] = toFloat16(value);
    ensure(
      (halves[i]! & 0x7fff) !== 0x7c00 || !Number.isFinite(value),
      () =>
        `Tensor ${name} cannot be written as F16: it has the value ${value}, and 65504 is the limit; write it as F32.`,
    );
  }
  return new Uint8Array(halves.buffer);
}

/**
 * Q8_0, laid out as `dequantize.ts` explains: the largest magnitude of 32 numbers becomes 127. Exactly ggml's
 * `quantize_row_q8_0_ref`: every step is rounded to float32, the multiplier comes from the scale before that is
 * rounded to half precision, and elements are rounded to the nearest integer, halves away from zero.
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
      () => `Tensor ${name} cannot be written as Q8_0: it has NaN or a number beyond 8 million; write it as F32.`,
    );
    blocks[at] = half & 0xff;
    blocks[at + 1] = half >> 8;
    for (let i = 0; i < 32; i++) blocks[at + 2 + i] = roundHalfAway(Math.fround(values[from + i]! * multiplier));
  }
  return blocks;
}

/**
 * Q4_0, laid out as `dequantize.ts` explains: of 32 numbers the one of the largest magnitude, the first if there are several, becomes -8.
 * Exactly ggml's `quantize_row_q4_0_ref`: every step is rounded to float32, and the multiplier comes from the scale before that is rounded to
 * half precision.
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
      () => `Tensor ${name} cannot be written as Q4_0: it has NaN or a number beyond 500,000; write it as F32.`,
    );
    blocks[at] = half & 0xff;
    blocks[at + 1] = half >> 8;
    const step = (i: number) => Math.min(15, Math.trunc(Math.fround(Math.fround(values[i]! * multiplier) + 8.5)));
    for (let i = 0; i < 16; i++) blocks[at + 2 + i] = step(from + i) | (step(from + 16 + i) << 4);
  }
  return blocks;
}

/** C's `roundf`; `Math.round` rounds -2.5 to -2. Storing the result in a byte gives its two's complement. */
function roundHalfAway(x: number): number {
  return x < 0 ? -Math.floor(0.5 - x) : Math.floor(x + 0.5);
}
