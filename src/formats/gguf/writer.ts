import { ensure } from '../../core/errors.ts';
import { ensureKind, ensureList } from '../../core/kind.ts';
import { knownOptions } from '../../core/options.ts';
import { printable } from '../../core/printable.ts';
import { type Shape, sizeOf } from '../../core/shape.ts';
import { ByteWriter, MAX_HEADER_BYTES, MAX_NAME_BYTES } from './bytes.ts';
import { DEFAULT_ALIGNMENT, isAlignment, MAGIC, MAX_COUNT } from './header.ts';
import { isWellFormed, type MetadataToWrite, writeMetadataValue } from './metadata-writer.ts';
import { GGML_TYPES, type GgmlTypeName, ggmlBytes, QUANTIZE, shapeFault, type WritableType } from './tensor-types.ts';

/** One tensor to write. */
export interface GgufTensorToWrite {
  /** At most 63 bytes of UTF-8, llama.cpp's limit. */
  readonly name: string;
  /** Outermost dimension first. */
  readonly shape: Shape;
  readonly type: WritableType;
  /** The elements, row-major; or a function that returns them when they are written, so that only one tensor is in memory at a time. */
  readonly data: Float32Array | (() => Promise<Float32Array>);
}

export interface GgufContents {
  /** `general.alignment`, a uint32 that is a power of two, is the number of bytes that tensors are aligned to. Defaults to 32. */
  readonly metadata: Readonly<Record<string, MetadataToWrite>>;
  readonly tensors: readonly GgufTensorToWrite[];
}

/** ggml's limit is 64 bytes, including a final zero byte. */
const MAX_TENSOR_NAME_BYTES = 63;

/** A larger alignment would only add padding. */
const MAX_ALIGNMENT = 1 << 16;

/** Elements that are quantized at a time; a multiple of the elements of any block. */
const CHUNK_ELEMENTS = 1 << 20;

/**
 * The bytes of a GGUF file of version 3, piece by piece: the header, then the tensors in the given order, as llama.cpp expects them.
 *
 * @throws TsgptError at once if names, shapes, types and data do not match; while the pieces are taken, if data from a function does not match.
 * Errors of such a function are passed on.
 */
export function encodeGguf(contents: GgufContents): AsyncGenerator<Uint8Array> {
  const { metadata, tensors } = knownOptions('encodeGguf', contents, { metadata: true, tensors: true });
  ensureKind('encodeGguf', 'values by their names as metadata', metadata);
  ensureList('encodeGguf', 'the tensors', tensors, 'name', 'shape', 'type', 'data');
  const values = new Map(Object.entries(metadata));
  for (const key of values.keys()) {
    checkName(key, MAX_NAME_BYTES, `the metadata ${printable(key)}`);
  }
  const alignment = alignmentOf(values);
  const described = describe(tensors, alignment);

  const header = formatGgufHeader(values, described, alignment);
  ensure(
    header.length <= MAX_HEADER_BYTES && values.size <= MAX_COUNT && tensors.length <= MAX_COUNT,
    `this GGUF file cannot be written: a header of ${header.length} bytes with ${values.size} metadata values and ${tensors.length} tensors could not be read again; split the model`,
  );

  async function* chunks(): AsyncGenerator<Uint8Array> {
    yield header;
    for (const [i, tensor] of tensors.entries()) {
      const { type, shape } = described[i]!;
      yield* encode(tensor);
      yield new Uint8Array(padding(ggmlBytes(type, sizeOf(shape)), alignment)); // after the last one, too
    }
  }
  return chunks();
}

/** A tensor in the header. `offset` counts bytes from the start of the tensors' data. */
export interface GgufTensorPlace {
  readonly name: string;
  readonly shape: Shape;
  readonly type: GgmlTypeName;
  readonly offset: number;
}

/** The header of version 3, padded to the alignment so that the tensors' data can follow. */
export function formatGgufHeader(
  metadata: ReadonlyMap<string, MetadataToWrite>,
  tensors: readonly GgufTensorPlace[],
  alignment: number,
): Uint8Array {
  const writer = new ByteWriter();
  writer.uint32(MAGIC);
  writer.uint32(3);
  writer.uint64(tensors.length);
  writer.uint64(metadata.size);
  for (const [key, value] of metadata) {
    writer.string(key);
    writeMetadataValue(writer, key, value);
  }
  for (const { name, shape, type, offset } of tensors) {
    writer.string(name);
    writer.uint32(shape.length);
    for (const length of shape.toReversed()) writer.uint64(length);
    writer.uint32(GGML_TYPES[type].id);
    writer.uint64(offset);
  }
  writer.pad(alignment);
  return writer.result();
}

function alignmentOf(metadata: ReadonlyMap<string, MetadataToWrite>): number {
  const given = metadata.get('general.alignment');
  if (given === undefined) return DEFAULT_ALIGNMENT;
  const { type, value } = Object(given) as { type?: unknown; value?: unknown };
  ensure(
    type === 'uint32' && isAlignment(Number(value)) && Number(value) <= MAX_ALIGNMENT,
    `the metadata general.alignment cannot be written: it must be a power of two up to ${MAX_ALIGNMENT}; give it as uint32(32), for example`,
  );
  return Number(value);
}

/** Checks the tensors and gives each its position. */
function describe(tensors: readonly GgufTensorToWrite[], alignment: number): GgufTensorPlace[] {
  const names = new Set<string>();
  let offset = 0;
  return tensors.map(({ name, shape, type, data }) => {
    const subject = `tensor ${printable(name)}`;
    checkName(name, MAX_TENSOR_NAME_BYTES, subject);
    ensure(!names.has(name), `${subject} cannot be written: there are two of that name; rename one`);
    names.add(name);
    ensure(
      Object.hasOwn(QUANTIZE, type),
      `${subject} cannot be written: the type ${type} cannot be written; use one of ${Object.keys(QUANTIZE).join(', ')}`,
    );
    const fault = shapeFault(shape, type);
    ensure(!fault, () => `${subject} cannot be written: it ${fault}; change its shape or type`);
    if (typeof data !== 'function') checkLength(data, shape, name);
    const description = { name, shape, type, offset };
    const bytes = ggmlBytes(type, sizeOf(shape));
    offset += bytes + padding(bytes, alignment);
    return description;
  });
}

function checkName(name: string, maxBytes: number, subject: string): void {
  const bytes = new TextEncoder().encode(name).length;
  ensure(
    bytes >= 1 && bytes <= maxBytes && !name.includes('\0') && isWellFormed(name),
    `${subject} cannot be written: a name has 1 to ${maxBytes} bytes of UTF-8, none of them zero; rename it`,
  );
}

function checkLength(data: Float32Array, shape: Shape, name: string): void {
  ensure(
    data instanceof Float32Array && data.length === sizeOf(shape),
    () =>
      `tensor ${printable(name)} cannot be written: its data must be a Float32Array of ${sizeOf(shape)} elements; check its shape`,
  );
}

async function* encode({ name, shape, type, data }: GgufTensorToWrite): AsyncGenerator<Uint8Array> {
  const values = typeof data === 'function' ? await data() : data;
  checkLength(values, shape, name);
  for (let at = 0; at < values.length; at += CHUNK_ELEMENTS) {
    yield QUANTIZE[type](values.subarray(at, at + CHUNK_ELEMENTS), printable(name));
  }
}

/** Bytes to add to reach a multiple of `alignment`. */
function padding(bytes: number, alignment: number): number {
  return Math.ceil(bytes / alignment) * alignment - bytes;
}
