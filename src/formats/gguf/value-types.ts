/**
 * The types of metadata values. Numbers are little-endian; a boolean is a byte, 0 or 1; a string is its length in bytes
 * (unsigned, 64 bits) and UTF-8; an array is the type of its elements (32 bits), their count (64 bits), and the elements.
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

/** A metadata value as JavaScript has it: 64-bit integers are bigints, arrays of numbers typed arrays. */
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

const NAMES = new Map<number, string>([
  ...Object.entries(NUMBER_TYPES).map(([name, { id }]) => [id, name] as const),
  [BOOL, 'bool'],
  [STRING, 'string'],
  [ARRAY, 'array'],
]);

/** The name of a value type, or undefined where `id` stands for none. */
export function valueTypeName(id: number): string | undefined {
  return NAMES.get(id);
}

/** The array type of numbers of type `id`, or undefined for what is not a number. */
export function numberArrayType(id: number): (typeof NUMBER_TYPES)[NumberType]['ArrayType'] | undefined {
  const name = NAMES.get(id);
  return name !== undefined && name in NUMBER_TYPES ? NUMBER_TYPES[name as NumberType].ArrayType : undefined;
}

/** Bytes of a value where its type alone says so: not of strings and arrays. */
export function fixedBytes(id: number): number | undefined {
  return id === BOOL ? 1 : numberArrayType(id)?.BYTES_PER_ELEMENT;
}

/** The type that the elements of a typed array have, or undefined where it can stand in no file. */
export function numberTypeOf(array: ArrayBufferView): NumberType | undefined {
  const found = Object.entries(NUMBER_TYPES).find(([, { ArrayType }]) => array instanceof ArrayType);
  return found?.[0] as NumberType | undefined;
}
