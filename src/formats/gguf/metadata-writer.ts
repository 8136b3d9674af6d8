/** Writes metadata values as bytes of a header, in the layout that `value-types.ts` describes. */
import { ensure } from '../../core/errors.ts';
import { printable } from '../../core/printable.ts';
import { bytesView } from '../byte-source.ts';
import type { ByteWriter } from './bytes.ts';
import {
  ARRAY,
  type BigArray,
  BOOL,
  NUMBER_TYPES,
  type NumberArray,
  type NumberType,
  numberTypeOf,
  STRING,
} from './value-types.ts';

/** A number and its type in the file. */
export interface TypedNumber {
  readonly type: NumberType;
  readonly value: number | bigint;
}

/** A metadata value to write. A typed array keeps its type; an empty list counts as a list of strings. */
export type MetadataToWrite =
  | string
  | boolean
  | TypedNumber
  | readonly string[]
  | readonly boolean[]
  | NumberArray
  | BigArray;

/** A metadata value of type uint32, the type of sizes and counts. */
export function uint32(value: number): TypedNumber {
  return { type: 'uint32', value };
}

/** A metadata value of type float32; the number is rounded. */
export function float32(value: number): TypedNumber {
  return { type: 'float32', value };
}

/** Writes the type of a value, and the value. `key` is for error messages. */
export function writeMetadataValue(writer: ByteWriter, key: string, value: MetadataToWrite): void {
  if (typeof value === 'string') {
    writer.uint32(STRING);
    writeString(writer, key, value);
  } else if (typeof value === 'boolean') {
    writer.uint32(BOOL);
    writer.bytes(Uint8Array.of(Number(value)));
  } else if (ArrayBuffer.isView(value)) {
    const type = numberTypeOf(value);
    ensure(
      type,
      `the metadata ${printable(key)} cannot be written: the format has no type for the elements of this array; convert it`,
    );
    startArray(writer, NUMBER_TYPES[type].id, value.length);
    writer.bytes(bytesView(value));
  } else if (Array.isArray(value)) {
    writeList(writer, key, value);
  } else {
    writeNumber(writer, key, value as TypedNumber);
  }
}

function startArray(writer: ByteWriter, elementType: number, length: number): void {
  writer.uint32(ARRAY);
  writer.uint32(elementType);
  writer.uint64(length);
}

function writeList(writer: ByteWriter, key: string, list: readonly unknown[]): void {
  if (list.length > 0 && list.every((element) => typeof element === 'boolean')) {
    startArray(writer, BOOL, list.length);
    writer.bytes(Uint8Array.from(list, Number));
    return;
  }
  startArray(writer, STRING, list.length);
  for (const element of list) {
    ensure(
      typeof element === 'string',
      () =>
        `the metadata ${printable(key)} cannot be written: a list must be all strings or all true and false; give numbers in a typed array`,
    );
    writeString(writer, key, element);
  }
}

function writeString(writer: ByteWriter, key: string, text: string): void {
  ensure(
    isWellFormed(text),
    () =>
      `the metadata ${printable(key)} cannot be written: it has half a surrogate pair, which UTF-8 cannot hold; repair the text`,
  );
  writer.string(text);
}

/** Whether UTF-8 can express the text: it contains no half of a surrogate pair. */
export function isWellFormed(text: string): boolean {
  return !/\p{Surrogate}/u.test(text);
}

function writeNumber(writer: ByteWriter, key: string, number: TypedNumber): void {
  const { type, value } = Object(number) as TypedNumber;
  ensure(
    Object.hasOwn(NUMBER_TYPES, String(type)),
    () =>
      `the metadata ${printable(key)} cannot be written: a number must say its type; use uint32(), float32() or { type, value }`,
  );
  const { id, ArrayType } = NUMBER_TYPES[type];
  const stored = new ArrayType(1);
  const isFloat = stored instanceof Float32Array || stored instanceof Float64Array;
  ensure(
    isFloat || typeof value === 'bigint' || Number.isSafeInteger(value),
    () =>
      `the metadata ${printable(key)} cannot be written: ${value} is not of type ${type}; use a whole number or another type`,
  );
  if (stored instanceof BigUint64Array || stored instanceof BigInt64Array) stored[0] = BigInt(value);
  else stored[0] = Number(value);
  ensure(
    isFloat || BigInt(stored[0]!) === BigInt(value),
    () =>
      `the metadata ${printable(key)} cannot be written: ${value} is too large or too small for ${type}; use a wider type`,
  );
  writer.uint32(id);
  writer.bytes(bytesView(stored));
}
