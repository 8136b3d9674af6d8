import { describeValue } from '../../core/describe-value.ts';
import { ensure } from '../../core/errors.ts';
import { normalizeDims, type Shape, sameShape, sizeOf } from '../../core/shape.ts';
import { lowerings } from '../../graph/index.ts';
import { identity } from '../composites/identity.ts';
import { definePrimitive, ensureFloat, type GradientRule } from '../primitive.ts';
import type { Tensor } from '../tensor.ts';
import { where } from './elementwise.ts';

type Reduced = { dims: Shape; keepDim: boolean };

/** A shape after reduction, with the reduced dimensions kept at length 1. */
export function keptShape(shape: Shape, dims: Shape): Shape {
  return shape.map((length, dim) => (dims.includes(dim) ? 1 : length));
}

/** Throws a TsgptError unless `keepDim` is true or false; an object of options would count as true. */
export function ensureKeepDim(operation: string, keepDim: unknown): void {
  ensure(
    typeof keepDim === 'boolean',
    () =>
      `${operation}: keepDim must be true or false, but is ${describeValue(keepDim)}; give it second, as in ${operation}(0, true)`,
  );
}

/** Throws a TsgptError if there are no elements to reduce: no elements have no largest one. */
export function ensureElements(operation: string, x: Tensor, dims: Shape): void {
  for (const dim of dims) {
    ensure(x.shape[dim] !== 0, () => `${operation}: ${x.describe()} has no elements along dimension ${dim}`);
  }
}

/**
 * A reduction over several dimensions by an ONNX operator. Its gradient rule gets `g` and the output with the reduced dimensions kept; `check` throws
 * for invalid operands.
 */
function reduction(
  name: string,
  operator: string,
  gradient: GradientRule<Reduced>,
  check: (name: string, x: Tensor, dims: Shape) => void = () => {},
) {
  const apply = definePrimitive<Reduced>({
    name,
    result: ([x], { dims, keepDim }) => {
      ensure(x!.dtype !== 'bool', () => `${name}: ${x!.describe()} is bool; convert it with .to('float32')`);
      check(name, x!, dims);
      const shape = keepDim ? keptShape(x!.shape, dims) : x!.shape.filter((_, dim) => !dims.includes(dim));
      return { shape, dtype: x!.dtype };
    },
    gradient: (g, { inputs, output, attributes }) => {
      const kept = keptShape(inputs[0]!.shape, attributes.dims);
      return gradient(g.reshape(kept), { inputs, output: output.reshape(kept), attributes });
    },
    lowering: (emitter, { inputs: [value], outputs: [result], attributes: { dims, keepDim } }, [x]) => {
      const isFirst = dims.length < value!.shape.length && dims.every((dim, i) => dim === i);
      if (operator === 'ReduceSum' && value!.dtype === 'float32' && isFirst) {
        const sum = lowerings.sumOverFirst(emitter, x!, value!.shape, dims.length);
        return emitter.reshape(sum, value!.shape.slice(dims.length), result!.shape);
      }
      const reduce = (operand: string) =>
        emitter.emit(operator, [operand, emitter.integers(dims)], { attributes: { keepdims: Number(keepDim) } });
      // Where an int32 sum or product overflows, ONNX Runtime stops at the largest number. Cut from int64 it wraps, as additions and products do.
      const wraps = (operator === 'ReduceSum' || operator === 'ReduceProd') && value!.dtype === 'int32';
      return wraps ? emitter.cast(reduce(emitter.cast(x!, 'int64')), 'int32') : reduce(x!);
    },
  });
  return (x: Tensor, dims: number | Shape | undefined, keepDim: boolean): Tensor => {
    ensureKeepDim(name, keepDim);
    const normalized = normalizeDims(dims, x.shape.length, name);
    return normalized.length === 0 ? identity(x) : apply([x], { dims: normalized, keepDim });
  };
}

export const sum = reduction('sum', 'ReduceSum', (g, { inputs: [x] }) => [g.expand(x!.shape)]);

const shareEqually: GradientRule<Reduced> = (g, { inputs: [x], output }) => [
  g.mul(sizeOf(output.shape) / sizeOf(x!.shape)).expand(x!.shape),
];
const meanOfSome = reduction('mean', 'ReduceMean', shareEqually, (name, x) => ensureFloat(name, x));

/** The sum divided by the number of elements; NaN where there are none, as in PyTorch. */
export function mean(x: Tensor, dims: number | Shape | undefined, keepDim: boolean): Tensor {
  const average = meanOfSome(x, dims, keepDim);
  // ONNX Runtime would give 0.
  return x.size === 0 && average.size > 0 ? average.mul(Number.NaN) : average;
}

/** Several equally large, or small, elements share the gradient equally, as in PyTorch's `amax` and `amin`. */
const shareAmongEquals: GradientRule<Reduced> = (g, { inputs: [x], output, attributes }) => {
  const isExtreme = x!.eq(output).to('float32');
  return [isExtreme.mul(g.div(isExtreme.sum(attributes.dims, true)))];
};

export const max = reduction('max', 'ReduceMax', shareAmongEquals, ensureElements);
export const min = reduction('min', 'ReduceMin', shareAmongEquals, ensureElements);

/**
 * The derivative of a product with respect to a factor is the product of the others. Factors that are 0 are kept apart: dividing by them is not
 * possible.
 */
const productOfOthers: GradientRule<Reduced> = (g, { inputs: [x], attributes: { dims } }) => {
  const isZero = x!.eq(0);
  const zeros = isZero.to('int32').sum(dims, true);
  const safe = where(isZero, 1, x!);
  const product = safe.prod(dims, true);
  // The zeros are written as sums of zeros, so that second derivatives are right, too.
  const sumOfZeros = where(isZero, x!, 0).sum(dims, true);
  const ofNonzero = where(zeros.eq(0), product, where(zeros.eq(1), product.mul(sumOfZeros), 0)).div(safe);
  const ofZero = where(zeros.eq(1), product, where(zeros.eq(2), product.mul(sumOfZeros.sub(x!)), 0));
  return [g.mul(where(isZero, ofZero, ofNonzero))];
};

export const prod = reduction('prod', 'ReduceProd', productOfOthers);

const shareBySoftmax: GradientRule<Reduced> = (g, { inputs: [x], output }) => [x!.sub(output).exp().mul(g)];

/** log Σ exp(x), without overflow. */
export const logSumExp = reduction('logSumExp', 'ReduceLogSumExp', shareBySoftmax, (name, x) => ensureFloat(name, x));

/** Undoes broadcasting: sums `x` over the dimensions along which a tensor of `shape` was repeated. */
export function sumTo(x: Tensor, shape: Shape): Tensor {
  if (sameShape(x.shape, shape)) return x;
  const added = x.shape.length - shape.length;
  const dims = x.shape.flatMap((length, dim) => (dim < added || shape[dim - added] !== length ? [dim] : []));
  return x.sum(dims).reshape(shape);
}
