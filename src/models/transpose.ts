import type { Shape } from '../core/shape.ts';

/** Transposes `count` columns of a matrix, starting at column `first`: `[rows, columns]` → `[count, rows]`. */
export function transpose(data: Float32Array, [rows, columns]: Shape, first = 0, count = columns!): Float32Array {
  const result = new Float32Array(rows! * count);
  for (let row = 0; row < rows!; row++) {
    for (let column = 0; column < count; column++) {
      result[column * rows! + row] = data[row * columns! + first + column]!;
    }
  }
  return result;
}
