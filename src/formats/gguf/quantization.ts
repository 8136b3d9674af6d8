/**
 * The storage types of tensors, and their conversion from and to float32. Most types are quantized: the elements of a block share a scale, and each
 * element is a small integer.
 *
 * Reading is exact: all products fit in float32's 24 bits (11 bits of a half-precision scale, 4 to 8 of a sub-scale, 2 to 8 of an element), and a
 * sum is rounded once, so the results equal those of llama.cpp bit for bit.
 */
import { ensure } from '../../core/errors.ts';
import { bytesView } from '../byte-source.ts';
import { toFloat16, widenBFloat16, widenFloat16 } from '../half-floats.ts';
import {
  dequantizeQ4_0,
  dequantizeQ4_1,
  dequantizeQ5_0,
  dequantizeQ5_1,
  dequantizeQ8_0,
  quantizeQ4_0,
  quantizeQ8_0,
} from './blocks-of-32.ts';
import { dequantizeQ2_K, dequantizeQ3_K, dequantizeQ4_K, dequantizeQ5_K, dequantizeQ6_K } from './blocks-of-256.ts';
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
  Q5_1: dequantizeQ5_1,
  Q5_0: dequantizeQ5_0,
  Q4_1: dequantizeQ4_1,
  Q4_0: dequantizeQ4_0,
  Q6_K: dequantizeQ6_K,
  Q5_K: dequantizeQ5_K,
  Q4_K: dequantizeQ4_K,
  Q3_K: dequantizeQ3_K,
  Q2_K: dequantizeQ2_K,
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
