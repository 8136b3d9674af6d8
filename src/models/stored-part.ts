import type { Shape } from '../core/shape.ts';
import type { StoredPart } from '../graph/index.ts';

/** The elements, row-major, of the constant of `shape` that is this part of a stored matrix or vector. */
export function partOf(stored: Float32Array, part: StoredPart, shape: Shape): Float32Array {
  const { shape: storedShape, firstColumn, transposed } = part;
  const width = storedShape.at(-1)!;
  const rows = stored.length / width;
  const columns = columnsOf(part, shape);
  if (columns === width && !transposed) return stored;
  const result = new Float32Array(rows * columns);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const target = transposed ? column * rows + row : row * columns + column;
      result[target] = stored[row * width + firstColumn + column]!;
    }
  }
  return result;
}

/** Whether other constants are made of columns to the right of this part. */
export function hasMore(part: StoredPart, shape: Shape): boolean {
  return part.firstColumn + columnsOf(part, shape) < part.shape.at(-1)!;
}

const columnsOf = ({ transposed }: StoredPart, shape: Shape) => (transposed ? shape[0]! : shape.at(-1)!);
