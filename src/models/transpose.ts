import type { Shape } from '../core/shape.ts';

/** `count` columns of a matrix `[rows, columns]`, from the column `first` on, as the rows of a matrix `[count, rows]`. */
export function transpose(data: Float32Array, [rows, columns]: Shape, first = 0, count = columns!): Float32Array {
  const result = new Float32Array(rows! * count);
  for (let row = 0; row < rows!; row++) {
    for (let column = 0; column < count; column++) {
      result[column * rows! + row] = data[row * columns! + first + column]!;
    }
  }
  return result;
}
