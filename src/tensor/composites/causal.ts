import { ensureCount } from '../../core/kind.ts';
import type { Tensor } from '../tensor.ts';

/** Throws a TsgptError unless `window` is a number of positions, or undefined. */
export function ensureWindow(window: number | undefined): void {
  if (window !== undefined) ensureCount('the window of attention', window);
}

interface Limits {
  window?: number | undefined;
  starts?: Tensor | undefined;
}

/**
 * Whether the position `row` sees the position `column` in causal attention: itself and all earlier ones, with `window` only that many, with
 * `starts` none before the start of its row. All are int32 and broadcast; the result is bool.
 */
export function isVisible(row: Tensor, column: Tensor, { window, starts }: Limits = {}): Tensor {
  const isPast = column.le(row);
  const isNear = window === undefined ? isPast : isPast.logicalAnd(column.gt(row.sub(window)));
  return starts ? isNear.logicalAnd(column.ge(starts)) : isNear;
}
