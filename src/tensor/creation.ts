import { describeValue } from '../core/describe-value.ts';
import { allocate, checkDType, type DType, dtypeOf, type HostArray } from '../core/dtype.ts';
import { ensure } from '../core/errors.ts';
import { checkShape, formatShape, type Shape, sizeOf } from '../core/shape.ts';
import type { Random } from '../random/random.ts';
import type { NestedArray } from './format.ts';
import { givenTensor, scalar } from './primitives/leaves.ts';
import type { Tensor } from './tensor.ts';

export interface CreationOptions {
  /** Defaults to bool for truth values and to float32 for numbers. */
  dtype?: DType;
  /** See {@link LazyArray.named}. Defaults to none. */
  name?: string;
}

/**
 * A tensor from nested arrays, as in `tensor([[1, 2], [3, 4]])`, or from one number. Throws where rows differ in length, where an
 * entry is no number or boolean, and where one does not fit into int32. For a typed array, see {@link fromArray}.
 */
export function tensor(values: NestedArray, { dtype, name }: CreationOptions = {}): Tensor {
  const shape: number[] = [];
  for (let level = values; Array.isArray(level); level = level[0]!) shape.push(level.length);
  const flat: (number | boolean)[] = [];
  const flatten = (level: NestedArray, dim: number): void => {
    ensure(
      Array.isArray(level) || typeof level === 'number' || typeof level === 'boolean',
      () =>
        `tensor: give numbers or booleans in nested arrays, but not ${describeValue(level)}; for a typed array use fromArray(array, shape)`,
    );
    const expected = dim < shape.length ? `an array of ${shape[dim]}` : 'a number';
    ensure(
      Array.isArray(level) ? level.length === shape[dim] : dim === shape.length,
      () => `tensor: every entry at depth ${dim} must be ${expected}, as the first one is`,
    );
    if (Array.isArray(level)) for (const entry of level) flatten(entry, dim + 1);
    else flat.push(level);
  };
  flatten(values, 0);
  const type = dtype ?? (typeof flat[0] === 'boolean' ? 'bool' : 'float32');
  checkDType(type, 'tensor');
  if (type === 'int32') for (const value of flat) ensureInt32(Number(value));
  const data = allocate(type, flat.length);
  flat.forEach((value, i) => {
    data[i] = Number(value);
  });
  return fromArray(data, shape, name);
}

function ensureInt32(value: number): void {
  ensure(Number.isInteger(value), () => `tensor: ${value} is not a whole number, but dtype is int32`);
  ensure(value === (value | 0), () => `tensor: ${value} does not fit into int32`);
}

/**
 * A tensor over an existing array, in row-major order, without a copy: later runs read the array's current elements. A Float32Array makes
 * a float32 tensor, an Int32Array int32 and a Uint8Array bool. Throws where the array's length is not that of the shape.
 */
export function fromArray(data: HostArray, shape: Shape, name?: string): Tensor {
  checkShape(shape);
  ensure(
    sizeOf(shape) === data.length,
    () => `${name ?? 'a tensor'} of shape ${formatShape(shape)} has ${sizeOf(shape)} elements, but got ${data.length}`,
  );
  return givenTensor(data, shape, dtypeOf(data), name);
}

/** A tensor with the same value everywhere. The type defaults to float32. */
export function full(shape: Shape, value: number, dtype: DType = 'float32'): Tensor {
  checkShape(shape);
  checkDType(dtype, 'full');
  return scalar(value, dtype).expand(shape);
}

/** A tensor of zeros, or of false for bool. The type defaults to float32. */
export function zeros(shape: Shape, dtype: DType = 'float32'): Tensor {
  return full(shape, 0, dtype);
}

/** A tensor of ones, or of true for bool. The type defaults to float32. */
export function ones(shape: Shape, dtype: DType = 'float32'): Tensor {
  return full(shape, 1, dtype);
}

/** float32 draws from the normal distribution with mean 0 and standard deviation `deviation`, which defaults to 1. */
export function randn(shape: Shape, random: Random, deviation = 1): Tensor {
  return fromArray(random.normals(sizeOf(shape), deviation), shape);
}
