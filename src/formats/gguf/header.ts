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
 * Everything is little-endian. Nothing says how long the header is, so it is parsed from as many of the file's first bytes as
 * turn out to be needed.
 *
 * Source: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md and the checks of ggml's reader (`gguf.cpp`).
 */
import { ensure } from '../../core/errors.ts';
import { printable } from '../../core/printable.ts';
import { Cursor, MAX_NAME_BYTES } from './cursor.ts';
import { checkLayout, MAX_DIMENSIONS, type TensorInfo, tensorInfo } from './layout.ts';
import { GgufMetadata } from './metadata.ts';
import { scanMetadata } from './metadata-scan.ts';

export const MAGIC = 0x46554747; // "GGUF" as a little-endian integer
export const DEFAULT_ALIGNMENT = 32;

/** More tensors or metadata values are an attack: today's largest models have a few thousand tensors. */
export const MAX_COUNT = 1 << 16;

export interface GgufHeader {
  readonly version: number;
  /** The data of every tensor begins at a multiple of this many bytes. */
  readonly alignment: number;
  readonly metadata: GgufMetadata;
  /** In the order of the file. */
  readonly tensors: ReadonlyMap<string, TensorInfo>;
}

/**
 * Parses and checks a header. Afterwards every tensor is known to lie inside the file, to have as many bytes as its shape needs, and
 * to share them with no other. No memory is taken on the word of the file: what is made is in proportion to the bytes it was
 * made from, and limited.
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
    `${file} is not a GGUF file: it does not begin with the letters GGUF; check that it is the right file.`,
  );
  const version = cursor.uint32('the version');
  checkVersion(version, file);
  const tensorCount = readCount(cursor, 'tensors');
  const metadataCount = readCount(cursor, 'metadata values');

  const entries = scanMetadata(cursor, metadataCount);
  const metadata = new GgufMetadata(bytes.subarray(0, cursor.at), entries, file);
  const alignment = readAlignment(metadata, file);
  const tensors = new Map<string, TensorInfo>();
  for (let i = 0; i < tensorCount; i++) {
    const [name, info] = readTensorInfo(cursor);
    ensure(
      !tensors.has(name),
      () => `${file} is damaged: it has the tensor ${printable(name)} twice; download it again.`,
    );
    tensors.set(name, info);
  }
  const dataStart = Math.ceil(cursor.at / alignment) * alignment;
  return { version, alignment, metadata, tensors: checkLayout(tensors, dataStart, alignment, cursor) };
}

function checkVersion(version: number, file: string): void {
  const swapped = (version >>> 24) | ((version >>> 8) & 0xff00);
  ensure(
    (version & 0xffff) !== 0 || (swapped !== 2 && swapped !== 3),
    `${file} is a GGUF file for big-endian machines, which cannot be read; convert it with llama.cpp's gguf_convert_endian.py.`,
  );
  ensure(
    version === 2 || version === 3,
    `${file} has version ${version} of the GGUF format, and only 2 and 3 can be read; get a newer file of the model.`,
  );
}

function readCount(cursor: Cursor, what: string): number {
  const count = cursor.uint64(`the number of ${what}`);
  ensure(
    count <= MAX_COUNT,
    () =>
      `${cursor.file} is damaged: it would have ${count} ${what}, and ${MAX_COUNT} is the limit; check that it is the right file.`,
  );
  return count;
}

function readAlignment(metadata: GgufMetadata, file: string): number {
  const key = 'general.alignment';
  const alignment = metadata.number(key, DEFAULT_ALIGNMENT);
  ensure(
    isAlignment(alignment) && (!metadata.has(key) || metadata.typeOf(key) === 'uint32'),
    () =>
      `${file} is damaged: its alignment is ${alignment} (${metadata.typeOf(key)}), but a power of two (uint32) is expected; download it again.`,
  );
  return alignment;
}

/** Whether tensors can be aligned to `bytes`: a power of two that fits 32 bits. */
export function isAlignment(bytes: number): boolean {
  return Number.isInteger(bytes) && bytes > 0 && bytes < 2 ** 32 && Number.isInteger(Math.log2(bytes));
}

function readTensorInfo(cursor: Cursor): [name: string, info: TensorInfo] {
  const name = cursor.string('a tensor name', MAX_NAME_BYTES);
  const what = `the description of tensor ${printable(name)}`;
  const rank = cursor.uint32(what);
  ensure(
    rank <= MAX_DIMENSIONS,
    () =>
      `${cursor.file} is damaged: tensor ${printable(name)} has ${rank} dimensions, and ${MAX_DIMENSIONS} is the limit; download it again.`,
  );
  const lengths = Array.from({ length: rank }, () => cursor.uint64(what));
  const typeId = cursor.uint32(what);
  return [name, tensorInfo(name, lengths, typeId, cursor.uint64(what), cursor.file)];
}
