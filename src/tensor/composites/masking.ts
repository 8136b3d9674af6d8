import { ensure } from '../../core/errors.ts';
import { broadcastShapes, sameShape } from '../../core/shape.ts';
import { defineComposite } from '../composite.ts';
import { where } from '../primitives/elementwise.ts';
import { arange, indexBelow } from '../primitives/leaves.ts';
import type { Tensor, TensorLike } from '../tensor.ts';

/** Every element limited to `min..max`. An element on a bound keeps its gradient; one beyond it has none, as in PyTorch. */
export function clamp(x: Tensor, min: TensorLike | undefined, max: TensorLike | undefined): Tensor {
  ensure(min !== undefined || max !== undefined, 'clamp: needs a smallest value, a largest value, or both');
  const raised = min === undefined ? x : where(x.lt(min), min, x);
  return max === undefined ? raised : where(raised.gt(max), max, raised);
}

/** `x` with `value` wherever `mask` is true. */
export function maskedFill(x: Tensor, mask: Tensor, value: number): Tensor {
  ensure(
    sameShape(broadcastShapes(mask.shape, x.shape, 'maskedFill', [mask.describe(), x.describe()]), x.shape),
    () => `maskedFill: the mask ${mask.describe()} does not fit into ${x.describe()}`,
  );
  return where(mask, value, x);
}

/** The matrices of the last two dimensions with zeros, or false, above the given diagonal. */
export function tril(x: Tensor, diagonal: number): Tensor {
  return keepWhere(x, columnLessRow('tril', x, diagonal).le(diagonal));
}

/** The matrices of the last two dimensions with zeros, or false, below the given diagonal. */
export function triu(x: Tensor, diagonal: number): Tensor {
  return keepWhere(x, columnLessRow('triu', x, diagonal).ge(diagonal));
}

/** For each element of a matrix, the number of its diagonal: 0 on the main one, 1 on the one above it. `[rows, columns]` */
function columnLessRow(operation: string, x: Tensor, diagonal: number): Tensor {
  ensure(x.shape.length >= 2, () => `${operation}: ${x.describe()} must have at least 2 dimensions`);
  ensure(Number.isInteger(diagonal), () => `${operation}: the diagonal must be a whole number, but is ${diagonal}`);
  const [rows, columns] = x.shape.slice(-2) as [number, number];
  return arange(columns).sub(arange(rows).reshape([rows, 1]));
}

function keepWhere(x: Tensor, mask: Tensor): Tensor {
  return x.dtype === 'bool' ? x.logicalAnd(mask) : where(mask, x, 0);
}

const applyOneHot = defineComposite<{ classes: number }>({
  name: 'oneHot',
  definition: ([index], { classes }) => [index!.unsqueeze(-1).eq(arange(classes)).to('int32')],
});

/**
 * PyTorch's `one_hot`: int32 `index [...]` gives int32 `[..., classes]`, with 1 where the index points and 0 elsewhere. A given index
 * outside 0..classes-1 makes the run fail; one that is computed in the graph gives a row of zeros. Has no gradient.
 */
export function oneHot(index: Tensor, classes: number): Tensor {
  ensure(index.dtype === 'int32', () => `oneHot: ${index.describe()} is ${index.dtype}, but must be int32`);
  return applyOneHot([index], { classes }, indexBelow(index, classes, 'a one-hot row'))[0]!;
}
