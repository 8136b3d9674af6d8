import type { Shape } from '../../core/shape.ts';
import { ensureKeepDim } from '../primitives/reductions.ts';
import type { Tensor } from '../tensor.ts';

/** Whether any element over `dims` is true, or a number other than 0; false where there are none. */
export function any(x: Tensor, dims: number | Shape | undefined, keepDim: boolean): Tensor {
  ensureKeepDim('any', keepDim);
  return x.to('bool').to('int32').sum(dims, keepDim).gt(0);
}

/** Whether all elements over `dims` are true, or numbers other than 0; true where there are none. */
export function all(x: Tensor, dims: number | Shape | undefined, keepDim: boolean): Tensor {
  ensureKeepDim('all', keepDim);
  return any(x.to('bool').logicalNot(), dims, keepDim).logicalNot();
}
