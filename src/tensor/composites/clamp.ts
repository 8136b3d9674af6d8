import { ensure } from '../../core/errors.ts';
import { ensureOperand } from '../operands.ts';
import { where } from '../primitives/elementwise.ts';
import type { Tensor, TensorLike } from '../tensor.ts';

/** Every element limited to `min..max`. An element on a bound keeps its gradient; one beyond it has none, as in PyTorch. */
export function clamp(x: Tensor, min: TensorLike | undefined, max: TensorLike | undefined): Tensor {
  ensure(min !== undefined || max !== undefined, 'clamp: needs a smallest value, a largest value, or both');
  for (const bound of [min, max]) if (bound !== undefined) ensureOperand('clamp', bound);
  const raised = min === undefined ? x : where(x.lt(min), min, x);
  return max === undefined ? raised : where(raised.gt(max), max, raised);
}
