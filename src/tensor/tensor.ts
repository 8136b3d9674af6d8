import type { DType } from '../core/dtype.ts';
import { normalizeDim, type Shape } from '../core/shape.ts';
import { LazyArray } from './lazy-array.ts';
import * as elementwise from './primitives/elementwise.ts';
import * as indexing from './primitives/indexing.ts';
import { matmul } from './primitives/matmul.ts';
import * as movement from './primitives/movement.ts';
import * as reductions from './primitives/reductions.ts';

/** An operand: a tensor, or a number that stands for a scalar of the other operand's type. */
export type TensorLike = Tensor | number;

/**
 * A multi-dimensional array whose elements are computed when they are asked for.
 *
 * Operations return at once: they check shapes and types and note what is to be done. Only reading computes: `data()`, `floats()`,
 * `array()`, `item()` and `print()`. Names and meanings are PyTorch's; nothing is ever changed in place.
 *
 * Tensors come from `tensor`, `zeros`, `fromArray` and the like; the constructor is for operations.
 */
export class Tensor extends LazyArray {
  // ---- Element by element; operands broadcast.

  add(other: TensorLike): Tensor {
    return elementwise.add(this, other);
  }
  sub(other: TensorLike): Tensor {
    return elementwise.sub(this, other);
  }
  mul(other: TensorLike): Tensor {
    return elementwise.mul(this, other);
  }
  div(other: TensorLike): Tensor {
    return elementwise.div(this, other);
  }
  pow(exponent: TensorLike): Tensor {
    return elementwise.pow(this, exponent);
  }
  maximum(other: TensorLike): Tensor {
    return elementwise.maximum(this, other);
  }
  minimum(other: TensorLike): Tensor {
    return elementwise.minimum(this, other);
  }
  neg(): Tensor {
    return elementwise.neg(this);
  }
  exp(): Tensor {
    return elementwise.exp(this);
  }
  log(): Tensor {
    return elementwise.log(this);
  }
  sqrt(): Tensor {
    return elementwise.sqrt(this);
  }
  abs(): Tensor {
    return elementwise.abs(this);
  }
  sign(): Tensor {
    return elementwise.sign(this);
  }
  sin(): Tensor {
    return elementwise.sin(this);
  }
  cos(): Tensor {
    return elementwise.cos(this);
  }
  tanh(): Tensor {
    return elementwise.tanh(this);
  }
  sigmoid(): Tensor {
    return elementwise.sigmoid(this);
  }
  erf(): Tensor {
    return elementwise.erf(this);
  }

  // ---- Comparison gives bool.

  eq(other: TensorLike): Tensor {
    return elementwise.eq(this, other);
  }
  ne(other: TensorLike): Tensor {
    return elementwise.eq(this, other).logicalNot();
  }
  lt(other: TensorLike): Tensor {
    return elementwise.lt(this, other);
  }
  le(other: TensorLike): Tensor {
    return elementwise.le(this, other);
  }
  gt(other: TensorLike): Tensor {
    return elementwise.lt(other, this);
  }
  ge(other: TensorLike): Tensor {
    return elementwise.le(other, this);
  }
  logicalAnd(other: Tensor): Tensor {
    return elementwise.logicalAnd(this, other);
  }
  logicalOr(other: Tensor): Tensor {
    return elementwise.logicalOr(this, other);
  }
  logicalNot(): Tensor {
    return elementwise.logicalNot(this);
  }

  /** The elements as another type. */
  to(dtype: DType): Tensor {
    return elementwise.cast(this, dtype);
  }

  // ---- Over dimensions. Without `dims`, over all of them; with `keepDim`, reduced dimensions stay with length 1.

  sum(dims?: number | Shape, keepDim = false): Tensor {
    return reductions.sum(this, dims, keepDim);
  }
  mean(dims?: number | Shape, keepDim = false): Tensor {
    return reductions.mean(this, dims, keepDim);
  }
  /** The largest elements, PyTorch's `amax`, but for NaN, which is passed over. */
  max(dims?: number | Shape, keepDim = false): Tensor {
    return reductions.max(this, dims, keepDim);
  }
  logSumExp(dims?: number | Shape, keepDim = false): Tensor {
    return reductions.logSumExp(this, dims, keepDim);
  }
  argmax(dim: number, keepDim = false): Tensor {
    return reductions.argmax(this, dim, keepDim);
  }
  softmax(dim: number): Tensor {
    return reductions.softmax(this, dim);
  }
  logSoftmax(dim: number): Tensor {
    return reductions.logSoftmax(this, dim);
  }

  // ---- Products.

  /** The matrix product over the last two dimensions. */
  matmul(other: Tensor): Tensor {
    return matmul(this, other);
  }

  // ---- Shape and order.

  reshape(shape: Shape): Tensor {
    return movement.reshape(this, shape);
  }
  /** The dimensions in the given order. */
  permute(...dims: number[]): Tensor {
    return movement.permute(this, dims);
  }
  /** Two dimensions swapped. */
  transpose(a: number, b: number): Tensor {
    const dims = this.shape.map((_, dim) => dim);
    const [from, to] = [a, b].map((dim) => normalizeDim(dim, dims.length, 'transpose')) as [number, number];
    [dims[from], dims[to]] = [to, from];
    return movement.permute(this, dims);
  }
  expand(shape: Shape): Tensor {
    return movement.expand(this, shape);
  }
  /** A new dimension of length 1 at `dim`. */
  unsqueeze(dim: number): Tensor {
    return movement.reshape(this, this.shape.toSpliced(normalizeDim(dim, this.shape.length + 1, 'unsqueeze'), 0, 1));
  }
  /** One `[start, end]` per dimension, or null for all of it; missing ones mean all. */
  slice(...ranges: movement.Range[]): Tensor {
    return movement.slice(this, ranges);
  }

  // ---- By index.

  /** `this[index]`: rows of the first dimension. */
  rows(index: Tensor): Tensor {
    return indexing.rows(this, index);
  }
  gather(dim: number, index: Tensor): Tensor {
    return indexing.gather(this, dim, index);
  }
  scatterAdd(dim: number, index: Tensor, source: Tensor): Tensor {
    return indexing.scatterAdd(this, dim, index, source);
  }
}
