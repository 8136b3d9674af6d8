/** The types of metadata values in a GGUF file, which stores a type as a number, its id; and how their values are read. */
import { ensure } from '../../core/errors.ts';
import type { Cursor } from './bytes.ts';

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

/** Reads consecutive elements of one type from the cursor on. The header's structure has been checked. */
export function readElements(
  cursor: Cursor,
  type: number,
  count: number,
  what: string,
): GgufValue & { [index: number]: GgufValue } {
  const ArrayType = numberArrayType(type);
  if (ArrayType) {
    const start = cursor.skip(count * ArrayType.BYTES_PER_ELEMENT, what);
    return new ArrayType(cursor.bytes.slice(start, cursor.at).buffer); // a copy, because it must be aligned
  }
  if (type === BOOL) return Array.from({ length: count }, () => readBoolean(cursor, what));
  if (type === STRING) return Array.from({ length: count }, () => cursor.string(what));
  return Array.from({ length: count }, () => readElements(cursor, cursor.uint32(what), cursor.uint64(what), what));
}

function readBoolean(cursor: Cursor, what: string): boolean {
  const byte = cursor.bytes[cursor.skip(1, what)]!;
  ensure(byte <= 1, () => `${cursor.file} is damaged: ${what} is neither true nor false; download it again`);
  return byte === 1;
}
