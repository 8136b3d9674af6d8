/**
 * The header of a GGUF file:
 *
 *     4 bytes    GGUF
 *     uint32     version, 2 or 3 (they differ only in that 3 also exists for big-endian machines)
 *     uint64     number of tensors
 *     uint64     number of metadata values
 *     metadata   each: key (string), type (uint32), value (see value-types.ts)
 *     tensors    each: name (string), number of dimensions (uint32), their lengths (uint64), innermost first, element type (uint32),
 *                offset (uint64)
 *     padding    up to a multiple of the alignment; offsets count from there
 *
 * Everything is little-endian. The file does not contain the header's length: the parser gets the file's first bytes, and asks for more until they
 * contain the whole header.
 *
 * Source: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md and the checks of ggml's reader (`gguf.cpp`).
 */
import { ensure } from '../../core/errors.ts';
import { printable } from '../../core/printable.ts';
import { type Shape, sizeOf } from '../../core/shape.ts';
import { Cursor, MAX_NAME_BYTES } from './bytes.ts';
import { type GgufMetadata, readMetadata } from './metadata.ts';
import { type GgmlTypeName, ggmlBytes, ggmlTypeName, MAX_DIMENSIONS, shapeFault } from './tensor-types.ts';

export const MAGIC = 0x46554747; // "GGUF" as a little-endian integer
export const DEFAULT_ALIGNMENT = 32;

/** More tensors or metadata values are an attack: today's largest models have a few thousand tensors. */
export const MAX_COUNT = 1 << 16;

/** Where a tensor is: `offset` counts bytes from the start of the file. */
export interface GgufTensorInfo {
  readonly type: GgmlTypeName;
  /** Outermost dimension first, as everywhere in tsgpt; the file stores the innermost first. */
  readonly shape: Shape;
  readonly byteLength: number;
  readonly offset: number;
}

export interface GgufHeader {
  readonly version: number;
  /** The data of every tensor begins at a multiple of this many bytes. */
  readonly alignment: number;
  readonly metadata: GgufMetadata;
  /** In the order of the file. */
  readonly tensors: ReadonlyMap<string, GgufTensorInfo>;
}

/**
 * Parses and checks a header. Afterwards every tensor lies inside the file, has the size that its shape needs, and overlaps no other.
 *
 * A damaged file cannot make the parser allocate much: allocations are limited and proportional to the bytes read.
 *
 * @param bytes the file's first bytes
 * @param fileBytes length of the whole file
 * @param file its name, for error messages
 * @throws NeedsMoreBytes if the header is longer than `bytes`, otherwise a TsgptError naming the file and the fault
 */
export function parseGgufHeader(bytes: Uint8Array, fileBytes: number, file: string): GgufHeader {
  const cursor = new Cursor(bytes, fileBytes, file);
  ensure(
    fileBytes >= 4 && cursor.uint32('the magic number') === MAGIC,
    `${file} is not a GGUF file: it does not begin with the letters GGUF; check that it is the right file`,
  );
  const version = cursor.uint32('the version');
  checkVersion(version, file);
  const tensorCount = readCount(cursor, 'tensors');
  const metadataCount = readCount(cursor, 'metadata values');

  const metadata = readMetadata(cursor, metadataCount);
  const alignment = readAlignment(metadata, file);
  const tensors = new Map<string, GgufTensorInfo>();
  for (let i = 0; i < tensorCount; i++) {
    const [name, info] = readTensorInfo(cursor);
    ensure(
      !tensors.has(name),
      () => `${file} is damaged: it has the tensor ${printable(name)} twice; download it again`,
    );
    tensors.set(name, info);
  }
  const dataStart = Math.ceil(cursor.at / alignment) * alignment;
  return { version, alignment, metadata, tensors: checkLayout(tensors, dataStart, alignment, cursor) };
}

function checkVersion(version: number, file: string): void {
  ensure(
    version === 0 || (version & 0xffff) !== 0,
    `${file} is a GGUF file for big-endian machines, which cannot be read; convert it with llama.cpp's gguf_convert_endian.py`,
  );
  ensure(
    version <= 3,
    `${file} has version ${version} of the GGUF format, newer than 3, the newest that can be read; use a newer version of tsgpt, or get the model in version 3`,
  );
  ensure(
    version >= 2,
    `${file} has version ${version} of the GGUF format, older than 2, the oldest that can be read; get a newer file of the model`,
  );
}

function readCount(cursor: Cursor, what: string): number {
  const count = cursor.uint64(`the number of ${what}`);
  ensure(
    count <= MAX_COUNT,
    () =>
      `${cursor.file} is damaged: it would have ${count} ${what}, and ${MAX_COUNT} is the limit; check that it is the right file`,
  );
  return count;
}

function readAlignment(metadata: GgufMetadata, file: string): number {
  const key = 'general.alignment';
  const alignment = metadata.number(key, DEFAULT_ALIGNMENT);
  ensure(
    isAlignment(alignment) && (!metadata.has(key) || metadata.typeOf(key) === 'uint32'),
    () =>
      `${file} is damaged: its alignment is ${alignment} (${metadata.typeOf(key)}), but a power of two (uint32) is expected; download it again`,
  );
  return alignment;
}

/** Whether `bytes` is a valid alignment: a power of two that fits in 32 bits. */
export function isAlignment(bytes: number): boolean {
  return Number.isInteger(bytes) && bytes > 0 && bytes < 2 ** 32 && Number.isInteger(Math.log2(bytes));
}

/** The description of one tensor, checked alone. Its offset still counts from the start of the tensors' data. */
function readTensorInfo(cursor: Cursor): [name: string, info: GgufTensorInfo] {
  const name = cursor.string('a tensor name', MAX_NAME_BYTES);
  const what = `the description of tensor ${printable(name)}`;
  const rank = cursor.uint32(what);
  ensure(
    rank <= MAX_DIMENSIONS,
    () =>
      `${cursor.file} is damaged: tensor ${printable(name)} has ${rank} dimensions, and ${MAX_DIMENSIONS} is the limit; download it again`,
  );
  const shape = Array.from({ length: rank }, () => cursor.uint64(what)).reverse();
  const typeId = cursor.uint32(what);
  const offset = cursor.uint64(what);
  const type = ggmlTypeName(typeId);
  ensure(
    type,
    () =>
      `${cursor.file} cannot be read: tensor ${printable(name)} has the unknown type ${typeId}; get the model in another type`,
  );
  const fault = shapeFault(shape, type);
  ensure(!fault, () => `${cursor.file} is damaged: tensor ${printable(name)} ${fault}; download it again`);
  return [name, { type, shape, offset, byteLength: ggmlBytes(type, sizeOf(shape)) }];
}

/**
 * Checks that the tensors lie inside the file, are aligned and do not overlap (gaps are allowed).
 *
 * @param tensors with offsets from `dataStart`
 * @returns the same with offsets from the start of the file
 */
function checkLayout(
  tensors: ReadonlyMap<string, GgufTensorInfo>,
  dataStart: number,
  alignment: number,
  { file, fileBytes }: Cursor,
): Map<string, GgufTensorInfo> {
  const placed = Array.from(tensors, ([name, info]) => [name, { ...info, offset: dataStart + info.offset }] as const);
  let end = 0;
  for (const [name, { offset, byteLength }] of placed.toSorted(([, a], [, b]) => a.offset - b.offset)) {
    const tensor = `tensor ${printable(name)}`;
    ensure(
      offset % alignment === 0,
      `${file} is damaged: ${tensor} begins at byte ${offset}, which is not a multiple of ${alignment}; download it again`,
    );
    ensure(offset >= end, `${file} is damaged: ${tensor} overlaps the one before it; download it again`);
    end = offset + byteLength;
    ensure(
      end <= fileBytes,
      `${file} is truncated: ${tensor} ends at byte ${end}, but the file has ${fileBytes}; download it again`,
    );
  }
  return new Map(placed);
}
