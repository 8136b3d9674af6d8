import { describeValue } from '../core/describe-value.ts';
import { checkDType, type DType, dtypeOf, type HostArray } from '../core/dtype.ts';
import { ensure } from '../core/errors.ts';
import { knownOptions, type OptionNames } from '../core/options.ts';
import { checkShape, formatShape, type Shape, sizeOf } from '../core/shape.ts';
import type { Random } from '../random/random.ts';
import { ensureTensors } from './operands.ts';
import { arange, givenTensor, scalar } from './primitives/leaves.ts';
import { randomLeaf } from './random-leaf.ts';
import type { Tensor } from './tensor.ts';
import { elementsOf, type TensorValues, unnest } from './values.ts';

export interface CreationOptions {
  /** Defaults to bool for truth values, to int32 for typed arrays of whole numbers, and to float32 for all others. */
  dtype?: DType;
  /** The shape that the values, in row-major order, get. Defaults to that of the nested arrays. */
  shape?: Shape;
  /** See {@link LazyArray.named}. Defaults to none. */
  name?: string;
}

const creationOptions: OptionNames<CreationOptions> = { dtype: true, shape: true, name: true };

/**
 * A tensor of the given values, which are copied: one number, nested arrays as in `tensor([[1, 2], [3, 4]])`, or typed arrays of any kind of
 * numbers but bigints. Truth values make a bool tensor; with a `dtype`, true is 1 and false is 0, and towards bool all numbers but 0 are true.
 *
 * Throws where rows differ in length, where an entry is no number, where numbers and truth values are mixed without a `dtype`, and where a
 * number does not fit into int32. To use the memory of an array itself, see {@link fromArray}.
 */
export function tensor(values: TensorValues, options: CreationOptions = {}): Tensor {
  const { dtype, shape, name } = knownOptions('tensor', options, creationOptions);
  if (dtype !== undefined) checkDType(dtype, 'tensor');
  const nested = unnest(values);
  const data = elementsOf(nested, dtype);
  if (shape !== undefined) checkShape(shape, 'tensor');
  return fromArray(data, shape ?? nested.shape, name);
}

/**
 * A tensor over an existing array, in row-major order, without a copy: later runs read the array's current elements. A Float32Array makes
 * a float32 tensor, an Int32Array int32 and a Uint8Array bool. Throws where the array's length is not that of the shape.
 */
export function fromArray(data: HostArray, shape: Shape, name?: string): Tensor {
  const dtype = dtypeOf(data);
  checkShape(shape);
  ensure(
    sizeOf(shape) === data.length,
    () => `${name ?? 'a tensor'} of shape ${formatShape(shape)} has ${sizeOf(shape)} elements, but got ${data.length}`,
  );
  return givenTensor(data, shape, dtype, name);
}

/** A tensor with the same value everywhere: a number, or for bool also a truth value. The type defaults to float32. */
export function full(shape: Shape, value: number | boolean, dtype: DType = 'float32'): Tensor {
  checkShape(shape, 'full');
  checkDType(dtype, 'full');
  ensure(
    typeof value === 'number' || typeof value === 'boolean',
    () => `full: the value must be a number, but is ${describeValue(value)}`,
  );
  const number = dtype === 'bool' ? Number(value !== false && value !== 0) : Number(value);
  ensure(
    dtype !== 'int32' || number === (number | 0),
    () => `full: ${value} is not a whole number that fits into int32, the type of the tensor`,
  );
  return scalar(number, dtype).expand(shape);
}

/** A tensor of zeros, or of false for bool. The type defaults to float32. */
export function zeros(shape: Shape, dtype: DType = 'float32'): Tensor {
  return full(shape, 0, dtype);
}

/** A tensor of ones, or of true for bool. The type defaults to float32. */
export function ones(shape: Shape, dtype: DType = 'float32'): Tensor {
  return full(shape, 1, dtype);
}

/** A tensor of zeros with the shape and type of `x`. */
export function zerosLike(x: Tensor): Tensor {
  ensureTensors('zerosLike', x);
  return zeros(x.shape, x.dtype);
}

/** A tensor of ones with the shape and type of `x`. */
export function onesLike(x: Tensor): Tensor {
  ensureTensors('onesLike', x);
  return ones(x.shape, x.dtype);
}

/** The identity matrix, float32 `[rows, columns]`: ones on the main diagonal, zeros elsewhere. `columns` defaults to `rows`. */
export function eye(rows: number, columns = rows): Tensor {
  checkShape([rows, columns], 'eye');
  return arange(rows).reshape([rows, 1]).eq(arange(columns)).to('float32');
}

/** `count` float32 numbers at equal distances from `start` to `end`, both included. */
export function linspace(start: number, end: number, count: number): Tensor {
  for (const [name, value] of Object.entries({ start, end })) {
    ensure(Number.isFinite(value), () => `linspace: ${name} must be a number, but is ${describeValue(value)}`);
  }
  ensure(
    Number.isSafeInteger(count) && count >= 0,
    () => `linspace: the count must be a whole number of at least 0, but is ${describeValue(count)}`,
  );
  const at = (i: number) => (i === 0 ? start : start + ((end - start) * i) / (count - 1));
  return fromArray(
    Float32Array.from({ length: count }, (_, i) => at(i)),
    [count],
  );
}

/**
 * float32 draws from the normal distribution with mean 0 and standard deviation `deviation`, which defaults to 1. A compiled function draws new
 * numbers from `random` at each call.
 */
export function randn(shape: Shape, random: Random, deviation = 1): Tensor {
  checkShape(shape, 'randn');
  ensure(
    typeof random?.normals === 'function',
    () => `randn: give a source of random numbers, as in randn([2], new Random(1)), but not ${describeValue(random)}`,
  );
  ensure(
    Number.isFinite(deviation),
    () => `randn: the standard deviation must be a number, but is ${describeValue(deviation)}`,
  );
  return randomLeaf(() => random.normals(sizeOf(shape), deviation), shape, 'float32');
}
