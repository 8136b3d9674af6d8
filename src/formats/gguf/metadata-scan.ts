import { ensure } from '../../core/errors.ts';
import { printable } from '../../core/printable.ts';
import { type Cursor, MAX_NAME_BYTES } from './cursor.ts';
import type { MetadataEntry } from './metadata.ts';
import { ARRAY, fixedBytes, STRING } from './value-types.ts';

/** The format allows arrays inside arrays, and no model is known to use them. */
const MAX_ARRAY_DEPTH = 4;
const MAX_NESTED_ARRAYS = 1 << 16;

/** Finds where each metadata value lies. The values themselves stay bytes; that their structure is sound is checked here. */
export function scanMetadata(cursor: Cursor, count: number): Map<string, MetadataEntry> {
  const entries = new Map<string, MetadataEntry>();
  const nested = { count: 0 };
  for (let i = 0; i < count; i++) {
    const key = cursor.string('a metadata key', MAX_NAME_BYTES);
    const what = `the metadata ${printable(key)}`;
    ensure(key !== '', `${cursor.file} is damaged: a metadata key is empty; download it again.`);
    ensure(!entries.has(key), () => `${cursor.file} is damaged: it has ${what} twice; download it again.`);
    const type = cursor.uint32(what);
    const isArray = type === ARRAY;
    const elementType = isArray ? cursor.uint32(what) : type;
    const elements = isArray ? cursor.uint64(what) : 1;
    entries.set(key, { isArray, elementType, count: elements, offset: cursor.at });
    skipElements(cursor, elementType, elements, what, nested);
  }
  return entries;
}

/** Passes over elements of one type, arrays in arrays to a limited depth and number. */
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
    cursor.need(count * 8, what); // each has at least its length
    for (let i = 0; i < count; i++) cursor.skipString(what);
  } else {
    ensure(
      type === ARRAY,
      () => `${cursor.file} is damaged: ${what} has the type ${type}, which does not exist; download it again.`,
    );
    nested.count += count;
    ensure(
      depth < MAX_ARRAY_DEPTH && nested.count <= MAX_NESTED_ARRAYS,
      () =>
        `${cursor.file} cannot be read: ${what} has more arrays inside arrays than a model needs; check that it is the right file.`,
    );
    for (let i = 0; i < count; i++) {
      skipElements(cursor, cursor.uint32(what), cursor.uint64(what), what, nested, depth + 1);
    }
  }
}
