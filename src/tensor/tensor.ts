import type { DType } from '../core/dtype.ts';
import type { Shape } from '../core/shape.ts';
import { clamp } from './composites/clamp.ts';
import * as masking from './composites/masking.ts';
import * as shapes from './composites/shapes.ts';
import * as statistics from './composites/statistics.ts';
import * as truth from './composites/truth.ts';
import { LazyArray } from './lazy-array.ts';
import * as alongDim from './primitives/along-dim.ts';
import * as elementwise from './primitives/elementwise.ts';
import * as indexing from './primitives/indexing.ts';
import { matmul } from './primitives/matmul.ts';
import * as movement from './primitives/movement.ts';
import * as reductions from './primitives/reductions.ts';

/** An operand: a tensor, or a number that stands for a scalar of the other operand's type. */
export type TensorLike = Tensor | number;

/**
 * A multi-dimensional array whose elements are computed on demand.
 *
 * Operations return at once: they check shapes and types and add to the graph. Only reading computes: `data()`, `floats()`,
 * `array()`, `item()` and `print()`. Names and meanings are PyTorch's; nothing is ever changed in place.
 *
 * Tensors come from `tensor`, `zeros`, `fromArray` and the like; the constructor is for operations.
 */
export class Tensor extends LazyArray {
  // ---- Element by element. Operands broadcast; a number stands for a scalar of the tensor's type.

  add(other: TensorLike): Tensor {
    return elementwise.add(this, other);
  }
  sub(other: TensorLike): Tensor {
    return elementwise.sub(this, other);
  }
  mul(other: TensorLike): Tensor {
    return elementwise.mul(this, other);
  }
  /** The quotient, only for float32. */
  div(other: TensorLike): Tensor {
    return elementwise.div(this, other);
  }
  /** The elements to the power `exponent`, only for float32. A negative element has no gradient with respect to the exponent. */
  pow(exponent: TensorLike): Tensor {
    return elementwise.pow(this, exponent);
  }
  /** The larger of two elements. Equal ones get half of the gradient each. */
  maximum(other: TensorLike): Tensor {
    return elementwise.maximum(this, other);
  }
  /** The smaller of two elements. Equal ones get half of the gradient each. */
  minimum(other: TensorLike): Tensor {
    return elementwise.minimum(this, other);
  }
  /** Elements below `min` become `min`, those above `max` become `max`; either may be left out. Changed ones have no gradient. */
  clamp(min?: TensorLike, max?: TensorLike): Tensor {
    return clamp(this, min, max);
  }

  // ---- Functions of one number, for float32; neg, square, abs and sign also for int32.

  neg(): Tensor {
    return elementwise.neg(this);
  }
  exp(): Tensor {
    return elementwise.exp(this);
  }
  /** The natural logarithm. */
  log(): Tensor {
    return elementwise.log(this);
  }
  sqrt(): Tensor {
    return elementwise.sqrt(this);
  }
  /** 1 / √x */
  rsqrt(): Tensor {
    return elementwise.div(1, this.sqrt());
  }
  square(): Tensor {
    return this.mul(this);
  }
  abs(): Tensor {
    return elementwise.abs(this);
  }
  /** -1, 0 or 1. */
  sign(): Tensor {
    return elementwise.sign(this);
  }
  /** The largest whole number that is not larger. Only float32, as {@link ceil} and {@link round}. */
  floor(): Tensor {
    return elementwise.floor(this);
  }
  /** The smallest whole number that is not smaller. */
  ceil(): Tensor {
    return elementwise.ceil(this);
  }
  /** The nearest whole number; of two equally near ones, the even one. */
  round(): Tensor {
    return elementwise.round(this);
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
  /** 1 / (1 + exp(-x)) */
  sigmoid(): Tensor {
    return elementwise.sigmoid(this);
  }
  /** The error function. */
  erf(): Tensor {
    return elementwise.erf(this);
  }

  // ---- Comparison, which gives bool, and truth values. Operands broadcast.

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

  /** The elements as another type. Towards int32 fractions are cut off, towards bool all but 0 become true. */
  to(dtype: DType): Tensor {
    return elementwise.cast(this, dtype);
  }

  // ---- Over dimensions: `dims` defaults to all. With `keepDim`, they stay with length 1; it defaults to false.

  sum(dims?: number | Shape, keepDim = false): Tensor {
    return reductions.sum(this, dims, keepDim);
  }
  /** The mean of float32 elements; NaN where there are none. */
  mean(dims?: number | Shape, keepDim = false): Tensor {
    return reductions.mean(this, dims, keepDim);
  }
  /** The variance of float32 elements: the sum of squares divided by their number minus `correction`; NaN for 0 divided by 0. */
  var(dims?: number | Shape, keepDim = false, options: statistics.VarianceOptions = {}): Tensor {
    return statistics.variance(this, dims, keepDim, options);
  }
  /** The standard deviation, the square root of {@link var}. Where it is 0, so is its gradient. */
  std(dims?: number | Shape, keepDim = false, options: statistics.VarianceOptions = {}): Tensor {
    return statistics.std(this, dims, keepDim, options);
  }
  /** The largest elements, PyTorch's `amax`, except that NaN is passed over. Equal ones share the gradient. */
  max(dims?: number | Shape, keepDim = false): Tensor {
    return reductions.max(this, dims, keepDim);
  }
  /** The smallest elements, PyTorch's `amin`, except that NaN is passed over. Equal ones share the gradient. */
  min(dims?: number | Shape, keepDim = false): Tensor {
    return reductions.min(this, dims, keepDim);
  }
  /** The product of the elements; 1 where there are none. */
  prod(dims?: number | Shape, keepDim = false): Tensor {
    return reductions.prod(this, dims, keepDim);
  }
  /** The Euclidean norm √Σx² of float32 elements. Where it is 0, so is its gradient. */
  norm(dims?: number | Shape, keepDim = false): Tensor {
    return statistics.norm(this, dims, keepDim);
  }
  /** bool: whether any element is true, or a number other than 0; false where there are none. */
  any(dims?: number | Shape, keepDim = false): Tensor {
    return truth.any(this, dims, keepDim);
  }
  /** bool: whether all elements are true, or numbers other than 0; true where there are none. */
  all(dims?: number | Shape, keepDim = false): Tensor {
    return truth.all(this, dims, keepDim);
  }
  /** log Σ exp(x) of float32 elements, without overflow. */
  logSumExp(dims?: number | Shape, keepDim = false): Tensor {
    return reductions.logSumExp(this, dims, keepDim);
  }

  // ---- Along one dimension.

  /** The int32 index of the largest element, the first of equal ones. Without `dim`, its index in the flattened tensor. */
  argmax(dim?: number, keepDim = false): Tensor {
    return alongDim.argmax(this, dim, keepDim);
  }
  /** The int32 index of the smallest element, the first of equal ones. Without `dim`, its index in the flattened tensor. */
  argmin(dim?: number, keepDim = false): Tensor {
    return alongDim.argmin(this, dim, keepDim);
  }
  /**
   * The `k` largest elements, largest first, and their int32 indices; equal ones keep their order, and NaN counts as infinity. `dim` defaults to the
   * last.
   */
  topk(k: number, dim = -1): { values: Tensor; indices: Tensor } {
    return alongDim.topk(this, k, dim);
  }
  /**
   * All elements in order, the smallest first, and their int32 indices; equal ones keep their order, and NaN counts as infinity. `dim` defaults to
   * the last.
   */
  sort(dim = -1, options: alongDim.SortOptions = {}): { values: Tensor; indices: Tensor } {
    return alongDim.sort(this, dim, options);
  }
  /** Running sums: element i is the sum of the elements 0 to i. */
  cumsum(dim: number): Tensor {
    return alongDim.cumsum(this, dim);
  }
  /** exp(x) divided by its sum, without overflow: positive numbers that add up to 1. */
  softmax(dim: number): Tensor {
    return alongDim.softmax(this, dim);
  }
  /** The logarithm of {@link softmax}, without overflow. */
  logSoftmax(dim: number): Tensor {
    return alongDim.logSoftmax(this, dim);
  }

  // ---- Products.

  /**
   * The matrix product over the last two dimensions, the others broadcasting: `[..., n, k]` times `[..., k, m]` gives
   * `[..., n, m]`. A vector `[k]` is a row on the left and a column on the right, and drops out of the result.
   */
  matmul(other: Tensor): Tensor {
    return matmul(this, other);
  }

  // ---- Shape and order.

  /**
   * The same elements in the same order with another shape. One length may be -1; it follows from the others. It also stands for PyTorch's `view`: as
   * nothing is ever changed in place, there is no difference.
   */
  reshape(shape: Shape): Tensor {
    return movement.reshape(this, shape);
  }
  /** The dimensions from `startDim` to `endDim`, both included, as one. They default to the first and the last. */
  flatten(startDim = 0, endDim = -1): Tensor {
    return shapes.flatten(this, startDim, endDim);
  }
  /** A new dimension of length 1 at `dim`. */
  unsqueeze(dim: number): Tensor {
    return shapes.unsqueeze(this, dim);
  }
  /** Removes the dimensions of length 1 among `dims`. Defaults to all dimensions. */
  squeeze(dims?: number | Shape): Tensor {
    return shapes.squeeze(this, dims);
  }
  /** The dimensions in another order: dimension `i` of the result is dimension `dims[i]` of this. */
  permute(...dims: number[]): Tensor {
    return movement.permute(this, dims);
  }
  /** A matrix with its rows as columns. Of other tensors, swap two dimensions with {@link transpose}. */
  get T(): Tensor {
    return shapes.matrixTranspose(this);
  }
  /** Two dimensions swapped. */
  transpose(a: number, b: number): Tensor {
    return shapes.transpose(this, a, b);
  }
  /** Repeated along dimensions of length 1, and along new ones in front, up to `shape`. */
  expand(shape: Shape): Tensor {
    return movement.expand(this, shape);
  }
  /** A part, like `x[1:3, :, -1:]` in Python: one `[start, end]` per dimension; null or a missing one means all. */
  slice(...ranges: movement.Range[]): Tensor {
    return movement.slice(this, ranges);
  }
  /** Pieces along `dim` of the given sizes, or all of one size; the last may then be shorter. `dim` defaults to 0. */
  split(sizes: number | Shape, dim = 0): Tensor[] {
    return shapes.split(this, sizes, dim);
  }
  /** At most `count` pieces of equal size along `dim`; the last may be shorter. `dim` defaults to 0. */
  chunk(count: number, dim = 0): Tensor[] {
    return shapes.chunk(this, count, dim);
  }

  // ---- By mask and by index.

  /** `value` where `mask`, a bool tensor broadcast to this shape, is true; this elsewhere. */
  maskedFill(mask: Tensor, value: number): Tensor {
    return masking.maskedFill(this, mask, value);
  }
  /** The matrices of the last two dimensions with 0 or false above a diagonal: 0 is the main one, 1 the one above it. Defaults to 0. */
  tril(diagonal = 0): Tensor {
    return masking.tril(this, diagonal);
  }
  /** The matrices of the last two dimensions with 0 or false below a diagonal: 0 is the main one, 1 the one above it. Defaults to 0. */
  triu(diagonal = 0): Tensor {
    return masking.triu(this, diagonal);
  }
  /**
   * `this[index]`: the rows of `[n, ...]` that an int32 index of any shape selects, `[...index, ...]`. A given index outside 0..n-1 makes the
   * run fail; one computed in the graph is not checked, and counts from the end if negative.
   */
  rows(index: Tensor): Tensor {
    return indexing.rows(this, index);
  }
  /** `out[i][j] = this[i][index[i][j]]` for `dim` 1, and likewise for others. The index is int32; see {@link rows}. */
  gather(dim: number, index: Tensor): Tensor {
    return indexing.gather(this, dim, index);
  }
  /** This tensor with `out[i][index[i][j]] += source[i][j]` for `dim` 1, and likewise for others. float32; the index is int32. */
  scatterAdd(dim: number, index: Tensor, source: Tensor): Tensor {
    return indexing.scatterAdd(this, dim, index, source);
  }
}
