import { describeValue } from '../../core/describe-value.ts';
import { ensure } from '../../core/errors.ts';
import { broadcastShapes, sameShape } from '../../core/shape.ts';
import { ensureTensors } from '../operands.ts';
import { where } from '../primitives/elementwise.ts';
import { arange } from '../primitives/leaves.ts';
import type { Tensor } from '../tensor.ts';

/** `x` with `value` wherever `mask` is true. */
export function maskedFill(x: Tensor, mask: Tensor, value: number): Tensor {
  ensureTensors('maskedFill', mask);
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
  ensure(
    Number.isInteger(diagonal),
    () => `${operation}: the diagonal must be a whole number, but is ${describeValue(diagonal)}`,
  );
  const [rows, columns] = x.shape.slice(-2) as [number, number];
  return arange(columns).sub(arange(rows).reshape([rows, 1]));
}

function keepWhere(x: Tensor, mask: Tensor): Tensor {
  return x.dtype === 'bool' ? x.logicalAnd(mask) : where(mask, x, 0);
}
