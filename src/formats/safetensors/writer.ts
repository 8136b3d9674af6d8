/** Writes safetensors files as bytes, piece by piece. */

import { ensure } from '../../core/errors.ts';
import { ensureKind } from '../../core/kind.ts';
import { printable } from '../../core/printable.ts';
import { bytesView } from '../byte-source.ts';
import { bytesOf, PREFIX_BYTES, SAFETENSORS_DTYPES, type SafetensorsDtype } from './header.ts';
import type { SafetensorsArray } from './reader.ts';

/** One tensor to write. */
export interface SafetensorsTensorToWrite {
  readonly name: string;
  readonly shape: readonly number[];
  /** The elements, row-major; or a function that returns them when they are written, so that only one tensor is in memory at a time. */
  readonly data: SafetensorsArray | (() => SafetensorsArray);
  /**
   * The element type in the file. Defaults to the type named like `data`'s array type. It is needed for a function, and for array types with several
   * meanings: `BOOL` for a Uint8Array of 0 and 1, `F16` and `BF16` for a Uint16Array of bit patterns.
   */
  readonly dtype?: SafetensorsDtype;
}

/** A tensor in the header. */
interface TensorDescription {
  readonly name: string;
  readonly dtype: SafetensorsDtype;
  readonly shape: readonly number[];
}

/** The largest piece in bytes; a multiple of every element's size. */
const CHUNK_BYTES = 1 << 24;

/**
 * The bytes of a safetensors file, piece by piece. The pieces are views of the arrays' own memory, so the arrays must not change before the last
 * piece is used.
 *
 * Tensors with the widest element types come first, as in the reference implementation, so that every tensor is aligned to its element size and
 * can be memory-mapped.
 *
 * @param metadata free text about the file, for example the training step
 * @throws TsgptError at once if a name occurs twice or data and shape do not match; while the pieces are taken, if data from a function does not
 * match. Errors of such a function are passed on.
 */
export function encodeSafetensors(
  tensors: Iterable<SafetensorsTensorToWrite>,
  metadata?: Record<string, string>,
): Generator<Uint8Array> {
  ensureKind('encodeSafetensors', 'the tensors, as an array', tensors, Symbol.iterator);
  if (metadata !== undefined) ensureKind('encodeSafetensors', 'texts by their names as metadata', metadata);
  const names = new Set<string>(['__metadata__']);
  const described = Array.from(tensors, (tensor) => {
    ensureKind('encodeSafetensors', 'tensors with a name, a shape and data', tensor, 'name', 'shape', 'data');
    const { name, shape, data, dtype = dtypeOf(name, data) } = tensor;
    ensure(
      !names.has(name),
      () => `tensor ${printable(name)} cannot be written: its name is reserved or used twice; rename it`,
    );
    names.add(name);
    if (typeof data !== 'function') checkData({ name, shape, dtype }, data);
    return { name, shape, data, dtype };
  });
  for (const [key, value] of Object.entries(metadata ?? {})) {
    ensure(
      typeof value === 'string',
      () => `the metadata ${printable(key)} cannot be written: it is not a string; give it as text`,
    );
  }
  described.sort((a, b) => SAFETENSORS_DTYPES[b.dtype] - SAFETENSORS_DTYPES[a.dtype]);

  function* chunks(): Generator<Uint8Array> {
    yield formatSafetensorsHeader(described, metadata);
    for (const tensor of described) {
      const data = typeof tensor.data === 'function' ? tensor.data() : tensor.data;
      checkData(tensor, data);
      const bytes = bytesView(data);
      for (let at = 0; at < bytes.length; at += CHUNK_BYTES) yield bytes.subarray(at, at + CHUNK_BYTES);
    }
  }
  return chunks();
}

/**
 * The file's first bytes: the header's length and the header, padded with spaces so that the data begins at a multiple of eight. The tensors'
 * bytes must follow in the given order without gaps.
 */
export function formatSafetensorsHeader(
  tensors: Iterable<TensorDescription>,
  metadata?: Record<string, string>,
): Uint8Array {
  const entries: [string, unknown][] = metadata ? [['__metadata__', metadata]] : [];
  let begin = 0;
  for (const { name, dtype, shape } of tensors) {
    const end = begin + bytesOf(dtype, shape);
    entries.push([name, { dtype, shape, data_offsets: [begin, end] }]);
    begin = end;
  }
  const json = new TextEncoder().encode(JSON.stringify(Object.fromEntries(entries)));
  const length = Math.ceil(json.length / 8) * 8;
  const bytes = new Uint8Array(PREFIX_BYTES + length).fill(' '.charCodeAt(0));
  new DataView(bytes.buffer).setBigUint64(0, BigInt(length), true);
  bytes.set(json, PREFIX_BYTES);
  return bytes;
}

function checkData({ name, shape, dtype }: TensorDescription, data: SafetensorsArray): void {
  ensure(
    data.BYTES_PER_ELEMENT === SAFETENSORS_DTYPES[dtype],
    () =>
      `tensor ${printable(name)} cannot be written as ${dtype}: that has ${SAFETENSORS_DTYPES[dtype]} bytes per element, its array ${data.BYTES_PER_ELEMENT}; use another type`,
  );
  ensure(
    shape.every((size) => Number.isSafeInteger(size) && size >= 0) && bytesOf(dtype, shape) === data.byteLength,
    () =>
      `tensor ${printable(name)} cannot be written: the shape [${shape.join(', ')}] does not fit its ${data.length} elements; check its shape`,
  );
}

/** The element type named like the array's type. */
function dtypeOf(name: string, data: SafetensorsTensorToWrite['data']): SafetensorsDtype {
  ensure(
    typeof data !== 'function',
    () => `tensor ${printable(name)} cannot be written: data from a function needs a dtype; give one`,
  );
  if (data instanceof Float32Array) return 'F32';
  if (data instanceof Float64Array) return 'F64';
  if (data instanceof Int32Array) return 'I32';
  if (data instanceof BigInt64Array) return 'I64';
  if (data instanceof Int16Array) return 'I16';
  if (data instanceof Int8Array) return 'I8';
  if (data instanceof BigUint64Array) return 'U64';
  if (data instanceof Uint32Array) return 'U32';
  if (data instanceof Uint16Array) return 'U16';
  return 'U8';
}
