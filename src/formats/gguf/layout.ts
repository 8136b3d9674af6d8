import { ensure } from '../../core/errors.ts';
import { printable } from '../../core/printable.ts';
import { formatShape, type Shape, sizeOf } from '../../core/shape.ts';
import type { Cursor } from './cursor.ts';
import { GGML_TYPES, type GgmlTypeName, ggmlBytes, ggmlTypeName } from './ggml-types.ts';

/** ggml's limit. */
export const MAX_DIMENSIONS = 4;

/** Where a tensor is: `offset` counts bytes from the start of the file. */
export interface TensorInfo {
  readonly type: GgmlTypeName;
  /** Outermost dimension first, as everywhere here; the file has them the other way round. */
  readonly shape: Shape;
  readonly byteLength: number;
  readonly offset: number;
}

/** What is wrong with storing a tensor of `shape` as `type`, as the end of a sentence, or undefined. */
export function shapeFault(shape: Shape, type: GgmlTypeName): string | undefined {
  const { blockElements, blockBytes } = GGML_TYPES[type];
  if (shape.length > MAX_DIMENSIONS) return `has ${shape.length} dimensions, and ${MAX_DIMENSIONS} is the limit`;
  if (!shape.every((length) => Number.isSafeInteger(length) && length >= 1)) {
    return `has the shape ${formatShape(shape)}, but lengths are whole numbers of at least 1`;
  }
  if (!Number.isSafeInteger(sizeOf(shape) * blockBytes))
    return `has the shape ${formatShape(shape)}, which is too large`;
  if ((shape.at(-1) ?? 1) % blockElements !== 0) {
    return `has the shape ${formatShape(shape)}, but ${type} needs rows of a multiple of ${blockElements} elements`;
  }
  return undefined;
}

/**
 * What a file says of one tensor, checked by itself.
 *
 * @param lengths of the dimensions, innermost first
 * @param offset from the start of the tensors' data
 */
export function tensorInfo(
  name: string,
  lengths: readonly number[],
  typeId: number,
  offset: number,
  file: string,
): TensorInfo {
  const type = ggmlTypeName(typeId);
  ensure(
    type,
    () =>
      `${file} cannot be read: tensor ${printable(name)} has the unknown type ${typeId}; get the model in another type.`,
  );
  const shape = lengths.toReversed();
  const fault = shapeFault(shape, type);
  ensure(!fault, () => `${file} is damaged: tensor ${printable(name)} ${fault}; download it again.`);
  return { type, shape, offset, byteLength: ggmlBytes(type, sizeOf(shape)) };
}

/**
 * Checks that the tensors lie inside the file, aligned, and apart from each other (gaps are allowed).
 *
 * @param tensors with offsets from `dataStart`
 * @returns the same with offsets from the start of the file
 */
export function checkLayout(
  tensors: ReadonlyMap<string, TensorInfo>,
  dataStart: number,
  alignment: number,
  { file, fileBytes }: Cursor,
): Map<string, TensorInfo> {
  const placed = Array.from(tensors, ([name, info]) => [name, { ...info, offset: dataStart + info.offset }] as const);
  let end = 0;
  for (const [name, { offset, byteLength }] of placed.toSorted(([, a], [, b]) => a.offset - b.offset)) {
    const tensor = `tensor ${printable(name)}`;
    ensure(
      offset % alignment === 0,
      `${file} is damaged: ${tensor} begins at byte ${offset}, which is no multiple of ${alignment}; download it again.`,
    );
    ensure(offset >= end, `${file} is damaged: ${tensor} overlaps the one before it; download it again.`);
    end = offset + byteLength;
    ensure(
      end <= fileBytes,
      `${file} is truncated: ${tensor} ends at byte ${end}, but the file has ${fileBytes}; download it again.`,
    );
  }
  return new Map(placed);
}
