import { ensureCount } from '../../core/kind.ts';
import type { Tensor } from '../tensor.ts';

/** Throws a TsgptError unless `window` is a number of positions, or undefined. */
export function ensureWindow(window: number | undefined): void {
  if (window !== undefined) ensureCount('the window of attention', window);
}

/**
 * Whether the position `row` sees the position `column` in causal attention: itself and all earlier ones, with `window` only that many. Both are int32
 * and broadcast; the result is bool.
 */
export function isVisible(row: Tensor, column: Tensor, window?: number): Tensor {
  const isPast = column.le(row);
  return window === undefined ? isPast : isPast.logicalAnd(column.gt(row.sub(window)));
}
