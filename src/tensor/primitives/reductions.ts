import { ensure } from '../../core/errors.ts';
import { normalizeDim, normalizeDims, type Shape, sameShape, sizeOf } from '../../core/shape.ts';
import { definePrimitive, ensureFloat, type GradientRule, noGradient } from '../primitive.ts';
import type { Tensor } from '../tensor.ts';

type Reduced = { dims: Shape; keepDim: boolean };

/** A shape after reduction, the reduced dimensions staying with length 1. */
function keptShape(shape: Shape, dims: Shape): Shape {
  return shape.map((length, dim) => (dims.includes(dim) ? 1 : length));
}

/** A reduction over several dimensions by an ONNX operator. Its gradient rule is given `g` and the output with the reduced dimensions kept. */
function reduction(name: string, operator: string, gradient: GradientRule<Reduced>) {
  const apply = definePrimitive<Reduced>({
    name,
    result: ([x], { dims, keepDim }) => {
      ensure(x!.dtype !== 'bool', () => `${name}: ${x!.describe()} is bool; convert it with .to('float32')`);
      if (name === 'mean' || name === 'logSumExp') ensureFloat(name, x!);
      const shape = keepDim ? keptShape(x!.shape, dims) : x!.shape.filter((_, dim) => !dims.includes(dim));
      return { shape, dtype: x!.dtype };
    },
    gradient: (g, { inputs, output, attributes }) => {
      const kept = keptShape(inputs[0]!.shape, attributes.dims);
      return gradient(g.reshape(kept), { inputs, output: output.reshape(kept), attributes });
    },
    lowering: (emitter, { attributes: { dims, keepDim } }, [x]) =>
      emitter.emit(operator, [x!, emitter.integers(dims)], { attributes: { keepdims: Number(keepDim) } }),
  });
  return (x: Tensor, dims: number | Shape | undefined, keepDim: boolean): Tensor => {
    const normalized = normalizeDims(dims, x.shape.length, name);
    return normalized.length === 0 ? x : apply([x], { dims: normalized, keepDim });
  };
}

export const sum = reduction('sum', 'ReduceSum', (g, { inputs: [x] }) => [g.expand(x!.shape)]);

export const mean = reduction('mean', 'ReduceMean', (g, { inputs: [x], output }) => [
  g.mul(sizeOf(output.shape) / sizeOf(x!.shape)).expand(x!.shape),
]);

/** Where several elements are the largest, they share the gradient equally, as PyTorch's `amax` does. */
export const max = reduction('max', 'ReduceMax', (g, { inputs: [x], output, attributes }) => {
  const isLargest = x!.eq(output).to('float32');
  return [isLargest.mul(g.div(isLargest.sum(attributes.dims, true)))];
});

/** log Σ exp(x), without the overflow of taking one after the other. */
export const logSumExp = reduction('logSumExp', 'ReduceLogSumExp', (g, { inputs: [x], output }) => [
  x!.sub(output).exp().mul(g),
]);

const applyArgmax = definePrimitive<{ dim: number }>({
  name: 'argmax',
  result: ([x], { dim }) => {
    ensure(x!.dtype !== 'bool', () => `argmax: ${x!.describe()} is bool; convert it with .to('float32')`);
    ensure(x!.shape[dim] !== 0, () => `argmax: ${x!.describe()} has no elements along dimension ${dim}`);
    return { shape: keptShape(x!.shape, [dim]), dtype: 'int32' };
  },
  gradient: noGradient,
  // ArgMax gives int64; our indices are int32.
  lowering: (emitter, { attributes: { dim } }, [x]) =>
    emitter.cast(emitter.emit('ArgMax', [x!], { attributes: { axis: dim, keepdims: 1 } }), 'int32'),
});

/** Where along `dim` the largest element is, the first one of equals. */
export function argmax(x: Tensor, dim: number, keepDim: boolean): Tensor {
  const normalized = normalizeDim(dim, x.shape.length, 'argmax');
  const reduced = applyArgmax([x], { dim: normalized });
  return keepDim ? reduced : reduced.reshape(x.shape.filter((_, d) => d !== normalized));
}

/** Undoes broadcasting: sums `x` over the dimensions along which a tensor of `shape` was repeated. */
export function sumTo(x: Tensor, shape: Shape): Tensor {
  if (sameShape(x.shape, shape)) return x;
  const added = x.shape.length - shape.length;
  const dims = x.shape.flatMap((length, dim) => (dim < added || shape[dim - added] !== length ? [dim] : []));
  return x.sum(dims).reshape(shape);
}

/** A function of all elements along one dimension that keeps the shape. */
function alongDim(name: string, operator: string, gradient: GradientRule<{ dim: number }>) {
  const apply = definePrimitive<{ dim: number }>({
    name,
    result: ([x]) => {
      ensureFloat(name, x!);
      return { shape: x!.shape, dtype: x!.dtype };
    },
    gradient,
    lowering: (emitter, { attributes }, inputs) =>
      emitter.emit(operator, inputs, { attributes: { axis: attributes.dim } }),
  });
  return (x: Tensor, dim: number): Tensor => apply([x], { dim: normalizeDim(dim, x.shape.length, name) });
}

/** exp(x) divided by its sum along `dim`. */
export const softmax = alongDim('softmax', 'Softmax', (g, { output, attributes }) => {
  return [output.mul(g.sub(g.mul(output).sum(attributes.dim, true)))];
});

/** The logarithm of {@link softmax}, without the overflow of taking one after the other. */
export const logSoftmax = alongDim('logSoftmax', 'LogSoftmax', (g, { output, attributes }) => {
  return [g.sub(output.exp().mul(g.sum(attributes.dim, true)))];
});
