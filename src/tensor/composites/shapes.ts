import { describeValue } from '../../core/describe-value.ts';
import { ensure } from '../../core/errors.ts';
import { isOpen } from '../../core/open-length.ts';
import { formatShape, normalizeDim, normalizeDims, type Shape, sameShape, sizeOf } from '../../core/shape.ts';
import { ensureTensorList } from '../operands.ts';
import { ensureSameType } from '../primitive.ts';
import { concat } from '../primitives/movement.ts';
import type { Tensor } from '../tensor.ts';

/** Two dimensions swapped. */
export function transpose(x: Tensor, a: number, b: number): Tensor {
  const dims = x.shape.map((_, dim) => dim);
  const [from, to] = [a, b].map((dim) => normalizeDim(dim, dims.length, 'transpose')) as [number, number];
  [dims[from], dims[to]] = [to, from];
  return x.permute(...dims);
}

/** The rows of a matrix as columns. */
export function matrixTranspose(x: Tensor): Tensor {
  ensure(
    x.shape.length === 2,
    () =>
      `${x.describe()} is no matrix, so it has no T; swap two of its dimensions with transpose, as in transpose(-2, -1)`,
  );
  return transpose(x, 0, 1);
}

/** A new dimension of length 1 at `dim`. */
export function unsqueeze(x: Tensor, dim: number): Tensor {
  return x.reshape(x.shape.toSpliced(normalizeDim(dim, x.shape.length + 1, 'unsqueeze'), 0, 1));
}

/** `x` without the dimensions of length 1 among `dims`. */
export function squeeze(x: Tensor, dims: number | Shape | undefined): Tensor {
  const candidates = normalizeDims(dims, x.shape.length, 'squeeze');
  return x.reshape(x.shape.filter((length, dim) => length !== 1 || !candidates.includes(dim)));
}

/** The dimensions from `startDim` to `endDim`, both included, as one. A scalar becomes `[1]`. */
export function flatten(x: Tensor, startDim: number, endDim: number): Tensor {
  const rank = Math.max(1, x.shape.length);
  const [start, end] = [startDim, endDim].map((dim) => normalizeDim(dim, rank, 'flatten')) as [number, number];
  ensure(start <= end, () => `flatten: dimension ${startDim} of ${x.describe()} comes after dimension ${endDim}`);
  return x.reshape(x.shape.toSpliced(start, end + 1 - start, sizeOf(x.shape.slice(start, end + 1))));
}

/** Pieces along `dim` of the given sizes, or all of one size; the last may then be shorter. */
export function split(x: Tensor, sizes: number | Shape, dim: number): Tensor[] {
  const at = normalizeDim(dim, x.shape.length, 'split');
  const length = x.shape[at]!;
  const list = typeof sizes === 'number' ? equalSizes(x, at, sizes) : sizes;
  ensure(
    Array.isArray(list),
    () => `split: the sizes must be a whole number or an array of them, but are ${describeValue(list)}`,
  );
  ensure(
    list.every((size) => Number.isInteger(size) && size >= 0) && list.reduce((sum, size) => sum + size, 0) === length,
    () =>
      `split: the sizes ${formatShape(list)} must add up to ${length}, the length of dimension ${dim} of ${x.describe()}`,
  );
  let end = 0;
  return list.map((size) => {
    const start = end;
    end += size;
    return x.slice(...x.shape.map((_, d) => (d === at ? ([start, end] as const) : null)));
  });
}

function equalSizes(x: Tensor, dim: number, size: number): number[] {
  const length = x.shape[dim]!;
  ensure(
    Number.isInteger(size) && size > 0,
    () => `split: the size of a piece must be a whole number of at least 1, but is ${describeValue(size)}`,
  );
  ensure(
    !isOpen(length),
    () => `split: the length of dimension ${dim} of ${x.describe()} is not known while the graph is built`,
  );
  const count = Math.max(1, Math.ceil(length / size));
  return Array.from({ length: count }, (_, i) => Math.min(size, length - i * size));
}

/** At most `count` pieces of equal size along `dim`; the last may be shorter. */
export function chunk(x: Tensor, count: number, dim: number): Tensor[] {
  ensure(
    Number.isInteger(count) && count > 0,
    () => `chunk: the number of pieces must be a whole number of at least 1, but is ${describeValue(count)}`,
  );
  const length = x.shape[normalizeDim(dim, x.shape.length, 'chunk')]!;
  return split(x, length === 0 ? new Array<number>(count).fill(0) : Math.ceil(length / count), dim);
}

/**
 * Tensors of one shape and type along a new dimension at `dim`: two of `[3]` give `[2, 3]`. `dim` defaults to 0. Throws where shapes or
 * types differ.
 */
export function stack(tensors: readonly Tensor[], dim = 0): Tensor {
  ensureTensorList('stack', tensors);
  const [first] = tensors;
  ensure(first, 'stack: needs at least one tensor');
  for (const other of tensors) {
    ensureSameType('stack', first, other);
    ensure(
      sameShape(other.shape, first.shape),
      () => `stack: ${first.describe()} and ${other.describe()} must have the same shape`,
    );
  }
  const at = normalizeDim(dim, first.shape.length + 1, 'stack');
  return concat(
    tensors.map((x) => unsqueeze(x, at)),
    at,
  );
}
