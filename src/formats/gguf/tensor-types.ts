/**
 * The types of tensors' elements: their ids and sizes in a file, and the conversion of their numbers from and to float32. Most types are
 * quantized: the elements of a block share a scale, and each element is a small integer.
 *
 * Reading is exact: all products fit in float32's 24 bits (11 bits of a half-precision scale, 4 to 8 of a sub-scale, 2 to 8 of an element), and a
 * sum is rounded once, so the results equal those of llama.cpp bit for bit.
 */
import { ensure } from '../../core/errors.ts';
import { formatShape, type Shape, sizeOf } from '../../core/shape.ts';
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

/**
 * Turns whole blocks into float32.
 *
 * @param blocks starts at an even address (16-bit types are read as such)
 * @param target has the number of elements in the blocks
 */
export type Dequantize = (blocks: Uint8Array, target: Float32Array) => void;

/** How the elements of a tensor are stored: in blocks, each of a fixed number of bytes. */
interface GgmlType {
  /** The id of the type in a file. */
  readonly id: number;
  /** Elements in one block; 1 for types that store each element by itself. A row is a whole number of blocks. */
  readonly blockElements: number;
  readonly blockBytes: number;
  /** The conversion to float32, if the type can be read; F32 needs none. */
  readonly dequantize?: Dequantize | undefined;
}

const ggmlType = (id: number, blockElements: number, blockBytes: number, dequantize?: Dequantize): GgmlType => ({
  id,
  blockElements,
  blockBytes,
  dequantize,
});

/**
 * Every element type that a GGUF file can have today, so that the position and size of any tensor can be checked, whether or not its numbers can be
 * read. ggml no longer uses the missing ids.
 *
 * Source: ggml's `ggml_type_size` and `ggml_blck_size`, asked of the library itself (llama.cpp v0.5.0).
 */
export const GGML_TYPES = {
  F32: ggmlType(0, 1, 4),
  F16: ggmlType(1, 1, 2, (blocks, target) => widenFloat16(sixteenBits(blocks), target)),
  Q4_0: ggmlType(2, 32, 18, dequantizeQ4_0),
  Q4_1: ggmlType(3, 32, 20, dequantizeQ4_1),
  Q5_0: ggmlType(6, 32, 22, dequantizeQ5_0),
  Q5_1: ggmlType(7, 32, 24, dequantizeQ5_1),
  Q8_0: ggmlType(8, 32, 34, dequantizeQ8_0),
  Q8_1: ggmlType(9, 32, 36),
  Q2_K: ggmlType(10, 256, 84, dequantizeQ2_K),
  Q3_K: ggmlType(11, 256, 110, dequantizeQ3_K),
  Q4_K: ggmlType(12, 256, 144, dequantizeQ4_K),
  Q5_K: ggmlType(13, 256, 176, dequantizeQ5_K),
  Q6_K: ggmlType(14, 256, 210, dequantizeQ6_K),
  Q8_K: ggmlType(15, 256, 292),
  IQ2_XXS: ggmlType(16, 256, 66),
  IQ2_XS: ggmlType(17, 256, 74),
  IQ3_XXS: ggmlType(18, 256, 98),
  IQ1_S: ggmlType(19, 256, 50),
  IQ4_NL: ggmlType(20, 32, 18),
  IQ3_S: ggmlType(21, 256, 110),
  IQ2_S: ggmlType(22, 256, 82),
  IQ4_XS: ggmlType(23, 256, 136),
  I8: ggmlType(24, 1, 1),
  I16: ggmlType(25, 1, 2),
  I32: ggmlType(26, 1, 4),
  I64: ggmlType(27, 1, 8),
  F64: ggmlType(28, 1, 8),
  IQ1_M: ggmlType(29, 256, 56),
  BF16: ggmlType(30, 1, 2, (blocks, target) => widenBFloat16(sixteenBits(blocks), target)),
  TQ1_0: ggmlType(34, 256, 54),
  TQ2_0: ggmlType(35, 256, 66),
  MXFP4: ggmlType(39, 32, 17),
  NVFP4: ggmlType(40, 64, 36),
  Q1_0: ggmlType(41, 128, 18),
  Q2_0: ggmlType(42, 64, 18),
} as const;

export type GgmlTypeName = keyof typeof GGML_TYPES;

/** The names of the types whose numbers can be read. */
export const READABLE_TYPES = Object.entries(GGML_TYPES)
  .filter(([name, { dequantize }]) => name === 'F32' || dequantize)
  .map(([name]) => name);

const NAMES_BY_ID = new Map(Object.entries(GGML_TYPES).map(([name, { id }]) => [id, name as GgmlTypeName]));

/** The type with this id, or undefined. */
export function ggmlTypeName(id: number): GgmlTypeName | undefined {
  return NAMES_BY_ID.get(id);
}

/** Bytes of `elements` elements, which must be a whole number of blocks. */
export function ggmlBytes(name: GgmlTypeName, elements: number): number {
  const { blockElements, blockBytes } = GGML_TYPES[name];
  return (elements / blockElements) * blockBytes;
}

/** ggml's own limit. */
export const MAX_DIMENSIONS = 4;

/** Why a tensor of `shape` cannot be stored as `type`, as the end of a sentence; undefined if it can. */
export function shapeFault(shape: Shape, type: GgmlTypeName): string | undefined {
  const { blockElements, blockBytes } = GGML_TYPES[type];
  if (shape.length > MAX_DIMENSIONS) return `has ${shape.length} dimensions, and ${MAX_DIMENSIONS} is the limit`;
  if (!shape.every((length) => Number.isSafeInteger(length) && length >= 1)) {
    return `has the shape ${formatShape(shape)}, but lengths are whole numbers of at least 1`;
  }
  if (!Number.isSafeInteger(sizeOf(shape) * blockBytes))
    return `has the shape ${formatShape(shape)}, which is too large`;
  if ((shape.at(-1) ?? 1) % blockElements !== 0) {
    return `has the shape ${formatShape(shape)}, but ${type} needs rows of a multiple of ${blockElements} elements`;
  }
  return undefined;
}

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
