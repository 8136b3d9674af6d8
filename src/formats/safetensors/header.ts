/**
 * The header of a safetensors file, read and checked.
 *
 *     8 bytes          length of the header, little-endian unsigned integer
 *     header           JSON: { "name": { "dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24] }, ...,
 *                      "__metadata__": { "key": "value" } }, padded with spaces
 *     rest             the tensors' bytes, row-major, little-endian; offsets count from here
 *
 * Source: https://huggingface.co/docs/safetensors and the checks of the reference implementation (Rust, `tensor.rs`).
 */
import * as v from 'valibot';
import { ensure, TsgptError } from '../../core/errors.ts';
import { isObject } from '../../core/json.ts';
import { printable } from '../../core/printable.ts';
import { findDuplicateKey } from './json.ts';

/** The element types that can be read and written, with the size of an element in bytes. */
export const SAFETENSORS_DTYPES = {
  F64: 8,
  F32: 4,
  F16: 2,
  BF16: 2,
  I64: 8,
  I32: 4,
  I16: 2,
  I8: 1,
  U64: 8,
  U32: 4,
  U16: 2,
  U8: 1,
  BOOL: 1,
} as const;

export type SafetensorsDtype = keyof typeof SAFETENSORS_DTYPES;

/** Where a tensor is: `offset` counts bytes from the start of the file. */
export interface SafetensorsTensorInfo {
  readonly dtype: SafetensorsDtype;
  readonly shape: readonly number[];
  readonly byteLength: number;
  readonly offset: number;
}

export interface SafetensorsHeader {
  readonly metadata: Readonly<Record<string, string>>;
  /** In the order of their bytes in the file. */
  readonly tensors: ReadonlyMap<string, SafetensorsTensorInfo>;
}

/** What to do about a damaged file that came from elsewhere. */
const DOWNLOAD_AGAIN = 'download it again';

/** Bytes before the header: its length. */
export const PREFIX_BYTES = 8;

/** More tensors are an attack: the largest published models have some thousands in a file. */
const MAX_TENSORS = 65_536;

/**
 * Enough for {@link MAX_TENSORS} tensors with long names; a longer header is an attack or not a safetensors file. The reference implementation allows
 * 100 MB, but parsing such a header takes many times as much memory.
 */
const MAX_HEADER_BYTES = 1 << 24;

const Count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const Entry = v.strictObject({
  dtype: v.picklist(Object.keys(SAFETENSORS_DTYPES) as SafetensorsDtype[]),
  shape: v.array(Count),
  data_offsets: v.strictTuple([Count, Count]),
});

/**
 * The header's length in bytes, from the file's first eight.
 *
 * @param prefix the file's first bytes, at least {@link PREFIX_BYTES} of them unless the file is shorter
 * @param fileBytes length of the whole file
 * @param file its name, for error messages
 * @param remedy what to do if it is damaged. Defaults to downloading it again.
 */
export function headerLength(prefix: Uint8Array, fileBytes: number, file: string, remedy = DOWNLOAD_AGAIN): number {
  ensure(fileBytes >= PREFIX_BYTES, `${file} is not a safetensors file: it has only ${fileBytes} bytes; ${remedy}`);
  const length = new DataView(prefix.buffer, prefix.byteOffset).getBigUint64(0, true);
  ensure(
    length <= MAX_HEADER_BYTES,
    `${file} is not a safetensors file: its header would have ${length} bytes, and ${MAX_HEADER_BYTES} is the limit; check that it is the right file`,
  );
  ensure(
    Number(length) <= fileBytes - PREFIX_BYTES,
    `${file} is truncated or not a safetensors file: its header should have ${length} bytes, but the file ends after ${fileBytes}; ${remedy}`,
  );
  return Number(length);
}

/**
 * Parses and checks a header. Afterwards every tensor lies inside the file, has the size that its shape needs, and overlaps no other.
 *
 * @param bytes the header's bytes, without the length before them
 * @throws TsgptError that names the file and, if possible, the tensor
 */
export function parseSafetensorsHeader(
  bytes: Uint8Array,
  fileBytes: number,
  file: string,
  remedy = DOWNLOAD_AGAIN,
): SafetensorsHeader {
  const { __metadata__: metadata = {}, ...entries } = parseJson(bytes, file, remedy);
  ensure(
    isObject(metadata) && Object.values(metadata).every((value) => typeof value === 'string'),
    `${file} is damaged: its __metadata__ must be an object of strings; ${remedy}`,
  );
  const count = Object.keys(entries).length;
  ensure(
    count <= MAX_TENSORS,
    `${file} cannot be read: it has ${count} tensors, and ${MAX_TENSORS} is the limit; check that it is the right file`,
  );
  const dataStart = PREFIX_BYTES + bytes.length;
  const tensors = Object.entries(entries).map(
    ([name, entry]) => [name, parseEntry(entry, dataStart, name, { file, remedy })] as const,
  );
  tensors.sort(([, a], [, b]) => a.offset - b.offset || a.byteLength - b.byteLength);

  let end = dataStart;
  for (const [name, { offset, byteLength }] of tensors) {
    const fault = offset < end ? 'overlaps the one before it' : 'leaves a gap after the one before it';
    ensure(offset === end, () => `${file} is damaged: the data of tensor ${printable(name)} ${fault}; ${remedy}`);
    end += byteLength;
    ensure(
      end <= fileBytes,
      () =>
        `${file} is truncated: tensor ${printable(name)} ends at byte ${end}, but the file has ${fileBytes}; ${remedy}`,
    );
  }
  ensure(end === fileBytes, `${file} is damaged: ${fileBytes - end} bytes follow its last tensor; ${remedy}`);
  return { metadata: metadata as Record<string, string>, tensors: new Map(tensors) };
}

function parseEntry(
  entry: unknown,
  dataStart: number,
  name: string,
  { file, remedy }: { file: string; remedy: string },
): SafetensorsTensorInfo {
  const result = v.safeParse(Entry, entry);
  if (!result.success) {
    const issue = result.issues[0];
    const where = printable(v.getDotPath(issue) ?? 'its entry');
    throw new TsgptError(
      `${file} cannot be read: tensor ${printable(name)}, ${where}: expected ${issue.expected}, but the file has ${printable(issue.received)}; ${remedy} or convert it to a supported type`,
    );
  }
  const { dtype, shape, data_offsets } = result.output;
  const [begin, end] = data_offsets;
  const byteLength = bytesOf(dtype, shape);
  ensure(
    end - begin === byteLength,
    () =>
      `${file} is damaged: tensor ${printable(name)} (${dtype} [${printable(shape.join(', '))}]) needs ${byteLength} bytes, but its data_offsets [${begin}, ${end}] give it ${end - begin}; ${remedy}`,
  );
  return { dtype, shape, byteLength, offset: dataStart + begin };
}

function parseJson(bytes: Uint8Array, file: string, remedy: string): Record<string, unknown> {
  let header: unknown;
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    header = JSON.parse(text);
  } catch (cause) {
    throw new TsgptError(`${file} is damaged or not a safetensors file: its header is not JSON; ${remedy}`, {
      cause,
    });
  }
  ensure(
    isObject(header) && text.startsWith('{'),
    `${file} is damaged or not a safetensors file: its header is not a JSON object; ${remedy}`,
  );
  const duplicate = findDuplicateKey(text);
  ensure(
    duplicate === undefined,
    () => `${file} is damaged: its header has the name ${printable(duplicate!)} twice; ${remedy}`,
  );
  return header;
}

/** The size of a tensor in bytes. If the product is too large, the result is not a safe integer. */
export function bytesOf(dtype: SafetensorsDtype, shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, SAFETENSORS_DTYPES[dtype]);
}
