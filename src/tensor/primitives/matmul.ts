import { ensure } from '../../core/errors.ts';
import { broadcastShapes, sizeOf } from '../../core/shape.ts';
import { lowerings } from '../../graph/index.ts';
import { behindIdentity, throughIdentities } from '../composites/identity.ts';
import { definePrimitive, ensureFloat } from '../primitive.ts';
import { skipping } from '../skipped-views.ts';
import type { Tensor } from '../tensor.ts';
import { permutationOf } from './movement.ts';
import { sumTo } from './reductions.ts';

/** The last two dimensions of a stack of matrices, rows then columns, after swapping. */
function matrixShape(x: Tensor, swapped: boolean): readonly [number, number] {
  const [rows, columns] = x.shape.slice(-2) as [number, number];
  return swapped ? [columns, rows] : [rows, columns];
}

const applyMatmul = definePrimitive<lowerings.MatmulAttributes>({
  name: 'matmul',
  result: ([a, b], { transposeA, transposeB }) => {
    const [rows, inner] = matrixShape(a!, transposeA);
    const [innerB, columns] = matrixShape(b!, transposeB);
    ensure(
      inner === innerB,
      () => `matmul: ${a!.describe()} has rows of ${inner} elements, but ${b!.describe()} has columns of ${innerB}`,
    );
    const stack = broadcastShapes(a!.shape.slice(0, -2), b!.shape.slice(0, -2), 'matmul', [
      a!.describe(),
      b!.describe(),
    ]);
    return { shape: [...stack, rows, columns], dtype: a!.dtype };
  },
  gradient: (g, { inputs: [a, b], attributes }) => [
    gradientOfA(g, a!, b!, attributes),
    gradientOfB(g, a!, b!, attributes),
  ],
  lowering: lowerings.matmul,
});

// With A and B the operands after swapping, the gradients of A B are g Bᵀ and Aᵀ g; a swapped operand gets the swapped gradient.

function gradientOfA(g: Tensor, a: Tensor, b: Tensor, { transposeA, transposeB }: lowerings.MatmulAttributes): Tensor {
  const gradient = transposeA ? product(b, g, transposeB, true) : product(g, b, false, !transposeB);
  return sumTo(gradient, a.shape);
}

function gradientOfB(g: Tensor, a: Tensor, b: Tensor, { transposeA, transposeB }: lowerings.MatmulAttributes): Tensor {
  if (b.shape.length === 2 && !transposeA) {
    // One matrix for a whole stack: its gradient is one product over all rows of the stack.
    const rows = sizeOf(a.shape.slice(0, -1));
    const rowsOfA = a.reshape([rows, a.shape.at(-1)!]);
    const rowsOfG = g.reshape([rows, g.shape.at(-1)!]);
    return transposeB ? product(rowsOfG, rowsOfA, true, false) : product(rowsOfA, rowsOfG, true, false);
  }
  const gradient = transposeB ? product(g, a, true, transposeA) : product(a, g, !transposeA, false);
  return sumTo(gradient, b.shape);
}

function product(a: Tensor, b: Tensor, transposeA: boolean, transposeB: boolean): Tensor {
  return applyMatmul([a, b], { transposeA, transposeB });
}

/**
 * The matrix product over the last two dimensions, the others broadcasting: `[..., n, k]` times `[..., k, m]` gives
 * `[..., n, m]`. As in PyTorch, a vector `[k]` is a row on the left and a column on the right, and drops out of the result.
 */
export function matmul(a: Tensor, b: Tensor): Tensor {
  ensureFloat('matmul', a, b);
  ensure(a.shape.length > 0 && b.shape.length > 0, 'matmul: a scalar cannot be multiplied as a matrix; use mul');
  if (a.shape.length === 1) return dropDim(matmul(a.reshape([1, -1]), b), b.shape.length === 1 ? -1 : -2);
  if (b.shape.length === 1) return dropDim(matmul(a, b.reshape([-1, 1])), -1);
  const [left, transposeA] = unswap(a);
  const [right, transposeB] = unswap(b);
  const views = (x: Tensor, operand: number) =>
    throughIdentities(x).map((tensor) => ({ tensor, operand, gradient: (g: Tensor) => g.transpose(-2, -1) }));
  const skipped = [...(transposeA ? views(a, 0) : []), ...(transposeB ? views(b, 1) : [])];
  return skipping(product(left, right, transposeA, transposeB), skipped);
}

/** If `x` is a tensor with its last two dimensions swapped, that tensor: the product can read it as it lies in memory. */
function unswap(x: Tensor): [Tensor, boolean] {
  const dims = permutationOf(x);
  if (!dims || x.cached) return [x, false];
  const rank = dims.length;
  const isSwap = dims.every((dim, i) => dim === (i === rank - 1 ? rank - 2 : i === rank - 2 ? rank - 1 : i));
  return isSwap ? [behindIdentity(x).node.inputs[0]!, true] : [x, false];
}

function dropDim(x: Tensor, dim: number): Tensor {
  return x.reshape(x.shape.filter((_, d) => d !== x.shape.length + dim));
}
