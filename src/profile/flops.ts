import { sizeOf } from '../core/shape.ts';
import type { OperatorTime } from '../runtime/index.ts';
import { operationKindOf } from './operation-kinds.ts';

/**
 * The multiplications and additions of a matrix product: 2 m n k for `[m, k]` times `[k, n]`, for each matrix of a stack. 0 for other operators. The left
 * operand may be stored with its last two dimensions swapped; the right one may be unknown, since the engine can keep it in a form of its own.
 */
export function flopsOf({ operator, inputs, outputs }: Pick<OperatorTime, 'operator' | 'inputs' | 'outputs'>): number {
  const [left] = inputs;
  const [product] = outputs;
  if (operationKindOf(operator, undefined) !== 'matrix products' || !left || !product) return 0;
  const [rows = 1, columns = 1] = left.slice(-2).length === 2 ? left.slice(-2) : [1, left[0]];
  const inner = product.length >= 2 ? (rows * columns) / product.at(-2)! : columns;
  return 2 * sizeOf(product) * inner;
}
