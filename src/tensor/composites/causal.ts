import type { Tensor } from '../tensor.ts';

/**
 * Whether the position `row` sees the position `column` in causal attention: itself and all earlier ones, with `window` only that many. Both are int32
 * and broadcast; the result is bool.
 */
export function isVisible(row: Tensor, column: Tensor, window?: number): Tensor {
  const isPast = column.le(row);
  return window === undefined ? isPast : isPast.logicalAnd(column.gt(row.sub(window)));
}
