/** The metadata of a GGUF file: values by key, such as `general.architecture` or the tokenizer's list of tokens. */
import { ensure } from '../../core/errors.ts';
import { printable } from '../../core/printable.ts';
import { Cursor, MAX_NAME_BYTES } from './bytes.ts';
import {
  ARRAY,
  BOOL,
  fixedBytes,
  type GgufValue,
  type NumberArray,
  numberArrayType,
  readElements,
  STRING,
  valueTypeName,
} from './value-types.ts';

/** The position of a value in the header. A value that is not an array counts as one element. */
interface MetadataEntry {
  readonly isArray: boolean;
  readonly elementType: number;
  readonly count: number;
  /** Where the first element begins. */
  readonly offset: number;
}

/**
 * Values by key, each with a type. They are decoded on demand, so that an unused vocabulary costs only its bytes.
 *
 * Each typed method throws a TsgptError if the value has another type, or if it is missing and no `fallback` is given.
 */
export class GgufMetadata {
  readonly #header: Uint8Array;
  readonly #entries: ReadonlyMap<string, MetadataEntry>;
  readonly #file: string;

  /**
   * @param header the bytes that the entries point into
   * @param file its name, for error messages
   */
  constructor(header: Uint8Array, entries: ReadonlyMap<string, MetadataEntry>, file: string) {
    this.#header = header;
    this.#entries = entries;
    this.#file = file;
  }

  /** All keys, in the order of the file. */
  keys(): string[] {
    return [...this.#entries.keys()];
  }

  has(key: string): boolean {
    return this.#entries.has(key);
  }

  /** The type by its name in the format, such as `uint32`, `string` or `array of float32`; undefined if there is no such key. */
  typeOf(key: string): string | undefined {
    const entry = this.#entries.get(key);
    return entry && (entry.isArray ? 'array of ' : '') + valueTypeName(entry.elementType);
  }

  /** The value of any type, or undefined if there is no such key. */
  get(key: string): GgufValue | undefined {
    const entry = this.#entries.get(key);
    if (!entry) return undefined;
    const cursor = new Cursor(this.#header, this.#header.length, this.#file);
    cursor.at = entry.offset;
    const elements = readElements(cursor, entry.elementType, entry.count, `the metadata ${printable(key)}`);
    return entry.isArray ? elements : elements[0];
  }

  string(key: string, fallback?: string): string {
    return this.#typed<string>(key, fallback, 'a string', false, (type) => type === STRING);
  }

  boolean(key: string, fallback?: boolean): boolean {
    return this.#typed<boolean>(key, fallback, 'true or false', false, (type) => type === BOOL);
  }

  /** A number of any type; a 64-bit integer must be within ±2^53, where a JavaScript number is exact. */
  number(key: string, fallback?: number): number {
    const value = this.#typed<number | bigint>(key, fallback, 'a number', false, isNumber);
    return typeof value === 'bigint' ? this.#exact(value, key) : value;
  }

  strings(key: string, fallback?: string[]): string[] {
    return this.#typed<string[]>(key, fallback, 'an array of strings', true, (type) => type === STRING);
  }

  booleans(key: string, fallback?: boolean[]): boolean[] {
    return this.#typed<boolean[]>(key, fallback, 'an array of true and false', true, (type) => type === BOOL);
  }

  /** An array of numbers of any type, as the typed array of that type; 64-bit integers as a Float64Array, exactly. */
  numbers(key: string, fallback?: NumberArray): NumberArray {
    type Numbers = NumberArray | BigUint64Array | BigInt64Array;
    const value = this.#typed<Numbers>(key, fallback, 'an array of numbers', true, isNumber);
    if (!(value instanceof BigUint64Array || value instanceof BigInt64Array)) return value;
    return Float64Array.from({ length: value.length }, (_, i) => this.#exact(value[i]!, key));
  }

  #typed<T extends GgufValue>(
    key: string,
    fallback: T | undefined,
    expected: string,
    isArray: boolean,
    accepts: (elementType: number) => boolean,
  ): T {
    const entry = this.#entries.get(key);
    ensure(
      !entry || (entry.isArray === isArray && accepts(entry.elementType)),
      () =>
        `${this.#file}: the metadata ${printable(key)} is ${this.typeOf(key)}, but ${expected} is expected; check that it is the right file`,
    );
    const value = entry ? (this.get(key) as T) : fallback;
    ensure(
      value !== undefined,
      () => `${this.#file} has no metadata ${printable(key)}; check that it is the right file`,
    );
    return value;
  }

  #exact(value: bigint, key: string): number {
    ensure(
      BigInt.asIntN(54, value) === value,
      () =>
        `${this.#file}: the metadata ${printable(key)} has the value ${value}, which a number cannot represent exactly; read it with get()`,
    );
    return Number(value);
  }
}

function isNumber(type: number): boolean {
  return numberArrayType(type) !== undefined;
}

/** The format allows arrays inside arrays; no known model uses them. */
const MAX_ARRAY_DEPTH = 4;
const MAX_NESTED_ARRAYS = 1 << 16;

/**
 * Finds the position of each metadata value, and checks that it is complete. The values themselves stay bytes.
 *
 * @param cursor at the first key; afterwards behind the last value
 */
export function readMetadata(cursor: Cursor, count: number): GgufMetadata {
  const entries = new Map<string, MetadataEntry>();
  const nested = { count: 0 };
  for (let i = 0; i < count; i++) {
    const key = cursor.string('a metadata key', MAX_NAME_BYTES);
    const what = `the metadata ${printable(key)}`;
    ensure(key !== '', `${cursor.file} is damaged: a metadata key is empty; download it again`);
    ensure(!entries.has(key), () => `${cursor.file} is damaged: it has ${what} twice; download it again`);
    const type = cursor.uint32(what);
    const isArray = type === ARRAY;
    const elementType = isArray ? cursor.uint32(what) : type;
    const elements = isArray ? cursor.uint64(what) : 1;
    entries.set(key, { isArray, elementType, count: elements, offset: cursor.at });
    skipElements(cursor, elementType, elements, what, nested);
  }
  return new GgufMetadata(cursor.bytes.subarray(0, cursor.at), entries, cursor.file);
}

/** Skips elements of one type. Arrays inside arrays are limited in depth and number. */
function skipElements(
  cursor: Cursor,
  type: number,
  count: number,
  what: string,
  nested: { count: number },
  depth = 1,
): void {
  const bytes = fixedBytes(type);
  if (bytes !== undefined) {
    cursor.skip(count * bytes, what);
  } else if (type === STRING) {
    cursor.need(count * 8, what); // each takes at least the 8 bytes of its length
    for (let i = 0; i < count; i++) cursor.skipString(what);
  } else {
    ensure(
      type === ARRAY,
      () => `${cursor.file} is damaged: ${what} has the type ${type}, which does not exist; download it again`,
    );
    nested.count += count;
    ensure(
      depth < MAX_ARRAY_DEPTH && nested.count <= MAX_NESTED_ARRAYS,
      () =>
        `${cursor.file} cannot be read: ${what} has more arrays inside arrays than a model needs; check that it is the right file`,
    );
    for (let i = 0; i < count; i++) {
      skipElements(cursor, cursor.uint32(what), cursor.uint64(what), what, nested, depth + 1);
    }
  }
}
