import { describeValue } from './describe-value.ts';
import { ensure, TsgptError } from './errors.ts';

/** The length of each dimension of a tensor, outermost first; a scalar's is `[]`. */
export type Shape = readonly number[];

/** The number of elements of a tensor of this shape. */
export function sizeOf(shape: Shape): number {
  return shape.reduce((product, length) => product * length, 1);
}

export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((length, dim) => length === b[dim]);
}

/** `[2, 3]`, as error messages show a shape. */
export function formatShape(shape: Shape): string {
  return `[${shape.join(', ')}]`;
}

/** Throws a TsgptError unless `shape` is an array of whole numbers of at least 0. An error names the operation, if there is one. */
export function checkShape(shape: Shape, operation?: string): void {
  ensureShapeArray(shape, operation);
  ensure(
    shape.every((length) => Number.isSafeInteger(length) && length >= 0),
    () =>
      `${operation ? `${operation}: ` : ''}a shape is made of whole numbers of at least 0, but [${shape.map(describeValue).join(', ')}] is not`,
  );
}

/** Throws a TsgptError unless `shape` is an array. */
export function ensureShapeArray(shape: unknown, operation?: string): void {
  ensure(
    Array.isArray(shape),
    () =>
      `${operation ? `${operation}: ` : ''}the shape must be an array of whole numbers, as in [3, 2], but is ${describeValue(shape)}`,
  );
}

/** Counts `dim` from the front: -1 becomes the last of `rank` dimensions. */
export function normalizeDim(dim: number, rank: number, operation: string): number {
  ensure(dim !== undefined, () => `${operation}: give a dimension, such as 0 for the first or -1 for the last`);
  ensure(
    typeof dim === 'number',
    () => `${operation}: a dimension must be a whole number, but is ${describeValue(dim)}`,
  );
  const normalized = dim < 0 ? dim + rank : dim;
  ensure(
    Number.isInteger(dim) && normalized >= 0 && normalized < rank,
    () => `${operation}: dimension ${dim} does not exist in a tensor of ${rank} dimensions`,
  );
  return normalized;
}

/** Like {@link normalizeDim} for several dimensions; undefined means all of them. The result is sorted. */
export function normalizeDims(dims: number | Shape | undefined, rank: number, operation: string): number[] {
  if (dims === undefined) return Array.from({ length: rank }, (_, dim) => dim);
  const list = (Array.isArray(dims) ? dims : [dims]).map((dim) => normalizeDim(dim, rank, operation));
  ensure(new Set(list).size === list.length, () => `${operation}: dimensions ${formatShape(list)} name one twice`);
  return list.sort((a, b) => a - b);
}

/**
 * The common shape of `a` and `b` under NumPy's broadcasting rule: aligned at the last dimension, lengths must be equal or one of them 1.
 */
export function broadcastShapes(
  a: Shape,
  b: Shape,
  operation: string,
  names: readonly string[] = [`shapes ${formatShape(a)}`, formatShape(b)],
): number[] {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, dim) => {
    const lengthA = a[dim - rank + a.length] ?? 1;
    const lengthB = b[dim - rank + b.length] ?? 1;
    if (lengthA !== lengthB && lengthA !== 1 && lengthB !== 1) {
      throw new TsgptError(
        `${operation}: ${names.join(' and ')} do not broadcast together: ` +
          `counted from the end, dimension ${dim - rank} is ${lengthA} in one and ${lengthB} in the other`,
      );
    }
    return lengthA === 1 ? lengthB : lengthA;
  });
}

/** The distance in memory between neighbours along each dimension, in elements, for row-major order. */
export function stridesOf(shape: Shape): number[] {
  const strides = new Array<number>(shape.length);
  let stride = 1;
  for (let dim = shape.length - 1; dim >= 0; dim--) {
    strides[dim] = stride;
    stride *= shape[dim]!;
  }
  return strides;
}
