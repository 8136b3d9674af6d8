/** The types in a GGUF file: ggml's types of tensor elements, and the types of metadata values. A file stores a type as a number, its id. */

/** How the elements of a tensor are stored: in blocks, each of a fixed number of bytes. */
interface GgmlType {
  /** The id of the type in a file. */
  readonly id: number;
  /** Elements in one block; 1 for types that store each element by itself. A row is a whole number of blocks. */
  readonly blockElements: number;
  readonly blockBytes: number;
}

const ggmlType = (id: number, blockElements: number, blockBytes: number): GgmlType => ({
  id,
  blockElements,
  blockBytes,
});

/**
 * Every element type that a GGUF file can have today, so that the position and size of any tensor can be checked, whether or not its numbers can be
 * read (see `quantization.ts`). ggml no longer uses the missing ids.
 *
 * Source: ggml's `ggml_type_size` and `ggml_blck_size`, asked of the library itself (llama.cpp v0.5.0).
 */
export const GGML_TYPES = {
  F32: ggmlType(0, 1, 4),
  F16: ggmlType(1, 1, 2),
  Q4_0: ggmlType(2, 32, 18),
  Q4_1: ggmlType(3, 32, 20),
  Q5_0: ggmlType(6, 32, 22),
  Q5_1: ggmlType(7, 32, 24),
  Q8_0: ggmlType(8, 32, 34),
  Q8_1: ggmlType(9, 32, 36),
  Q2_K: ggmlType(10, 256, 84),
  Q3_K: ggmlType(11, 256, 110),
  Q4_K: ggmlType(12, 256, 144),
  Q5_K: ggmlType(13, 256, 176),
  Q6_K: ggmlType(14, 256, 210),
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
  BF16: ggmlType(30, 1, 2),
  TQ1_0: ggmlType(34, 256, 54),
  TQ2_0: ggmlType(35, 256, 66),
  MXFP4: ggmlType(39, 32, 17),
  NVFP4: ggmlType(40, 64, 36),
  Q1_0: ggmlType(41, 128, 18),
  Q2_0: ggmlType(42, 64, 18),
} as const;

export type GgmlTypeName = keyof typeof GGML_TYPES;

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

/**
 * The number types of metadata values, by name. The other types are:
 *
 * - a boolean: a byte, 0 or 1
 * - a string: its length in bytes (unsigned, 64 bits) and UTF-8
 * - an array: the type of its elements (32 bits), their count (64 bits), and the elements
 */
export const NUMBER_TYPES = {
  uint8: { id: 0, ArrayType: Uint8Array },
  int8: { id: 1, ArrayType: Int8Array },
  uint16: { id: 2, ArrayType: Uint16Array },
  int16: { id: 3, ArrayType: Int16Array },
  uint32: { id: 4, ArrayType: Uint32Array },
  int32: { id: 5, ArrayType: Int32Array },
  float32: { id: 6, ArrayType: Float32Array },
  uint64: { id: 10, ArrayType: BigUint64Array },
  int64: { id: 11, ArrayType: BigInt64Array },
  float64: { id: 12, ArrayType: Float64Array },
} as const;

export const BOOL = 7;
export const STRING = 8;
export const ARRAY = 9;

export type NumberType = keyof typeof NUMBER_TYPES;

/** Arrays whose elements are JavaScript numbers. */
export type NumberArray =
  | Uint8Array
  | Int8Array
  | Uint16Array
  | Int16Array
  | Uint32Array
  | Int32Array
  | Float32Array
  | Float64Array;

export type BigArray = BigUint64Array | BigInt64Array;

/** A metadata value in JavaScript: 64-bit integers are bigints, arrays of numbers are typed arrays. */
export type GgufValue =
  | string
  | number
  | bigint
  | boolean
  | NumberArray
  | BigArray
  | string[]
  | boolean[]
  | GgufValue[];

const VALUE_TYPE_NAMES = new Map<number, string>([
  ...Object.entries(NUMBER_TYPES).map(([name, { id }]) => [id, name] as const),
  [BOOL, 'bool'],
  [STRING, 'string'],
  [ARRAY, 'array'],
]);

/** The name of the value type with this id, or undefined. */
export function valueTypeName(id: number): string | undefined {
  return VALUE_TYPE_NAMES.get(id);
}

/** The array type of numbers of type `id`, or undefined if `id` is not a type of numbers. */
export function numberArrayType(id: number): (typeof NUMBER_TYPES)[NumberType]['ArrayType'] | undefined {
  const name = VALUE_TYPE_NAMES.get(id);
  return name !== undefined && name in NUMBER_TYPES ? NUMBER_TYPES[name as NumberType].ArrayType : undefined;
}

/** The size in bytes of a value of this type; undefined for strings and arrays. */
export function fixedBytes(id: number): number | undefined {
  return id === BOOL ? 1 : numberArrayType(id)?.BYTES_PER_ELEMENT;
}

/** The element type of a typed array, or undefined if the format has no such type. */
export function numberTypeOf(array: ArrayBufferView): NumberType | undefined {
  const found = Object.entries(NUMBER_TYPES).find(([, { ArrayType }]) => array instanceof ArrayType);
  return found?.[0] as NumberType | undefined;
}
