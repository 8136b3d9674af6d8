import { ensure } from '../../core/errors.ts';
import { printable } from '../../core/printable.ts';
import { bytesView } from '../byte-source.ts';
import type { ByteWriter } from './byte-writer.ts';
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

/** A number together with the type it is to have in the file, which it does not say itself. */
export interface TypedNumber {
  readonly type: NumberType;
  readonly value: number | bigint;
}

/** A metadata value to write. Arrays of numbers have the type that their typed array says; an empty list is one of strings. */
export type MetadataToWrite =
  | string
  | boolean
  | TypedNumber
  | readonly string[]
  | readonly boolean[]
  | NumberArray
  | BigArray;

/** A metadata number of 32 bits without a sign, as sizes and counts are. */
export function uint32(value: number): TypedNumber {
  return { type: 'uint32', value };
}

/** A metadata number with a fraction; it is rounded to float32. */
export function float32(value: number): TypedNumber {
  return { type: 'float32', value };
}

/** Writes the type of a value and the value, laid out as `value-types.ts` says. */
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
      `The metadata ${printable(key)} cannot be written: it is an array of no type the format has; convert it.`,
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
        `The metadata ${printable(key)} cannot be written: a list must be all strings or all true and false; give numbers in a typed array.`,
    );
    writeString(writer, key, element);
  }
}

function writeString(writer: ByteWriter, key: string, text: string): void {
  ensure(
    isWellFormed(text),
    () =>
      `The metadata ${printable(key)} cannot be written: it has half a surrogate pair, which UTF-8 has no bytes for; repair the text.`,
  );
  writer.string(text);
}

/** Whether UTF-8 can hold the text: no surrogate stands alone. */
export function isWellFormed(text: string): boolean {
  return !/\p{Surrogate}/u.test(text);
}

function writeNumber(writer: ByteWriter, key: string, number: TypedNumber): void {
  const { type, value } = Object(number) as TypedNumber;
  ensure(
    Object.hasOwn(NUMBER_TYPES, String(type)),
    () =>
      `The metadata ${printable(key)} cannot be written: a number must say its type; use uint32(), float32() or { type, value }.`,
  );
  const { id, ArrayType } = NUMBER_TYPES[type];
  const stored = new ArrayType(1);
  const isFloat = stored instanceof Float32Array || stored instanceof Float64Array;
  ensure(
    isFloat || typeof value === 'bigint' || Number.isSafeInteger(value),
    () =>
      `The metadata ${printable(key)} cannot be written: ${value} is no ${type}; use a whole number or another type.`,
  );
  if (stored instanceof BigUint64Array || stored instanceof BigInt64Array) stored[0] = BigInt(value);
  else stored[0] = Number(value);
  ensure(
    isFloat || BigInt(stored[0]!) === BigInt(value),
    () =>
      `The metadata ${printable(key)} cannot be written: ${value} is too large or too small for ${type}; use a wider type.`,
  );
  writer.uint32(id);
  writer.bytes(bytesView(stored));
}
