import { describeValue } from '../../core/describe-value.ts';
import { ensure } from '../../core/errors.ts';
import { knownOptions } from '../../core/options.ts';
import { normalizeDim } from '../../core/shape.ts';
import { definePrimitive, ensureFloat, type GradientRule, noGradient } from '../primitive.ts';
import type { Tensor } from '../tensor.ts';
import { gather } from './indexing.ts';
import { ensureElements, ensureKeepDim, keptShape } from './reductions.ts';

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

/** The logarithm of {@link softmax}, without overflow. */
export const logSoftmax = alongDim('logSoftmax', 'LogSoftmax', (g, { output, attributes }) => {
  return [g.sub(output.exp().mul(g.sum(attributes.dim, true)))];
});

const applyCumsum = definePrimitive<{ dim: number; reverse: boolean }>({
  name: 'cumsum',
  result: ([x]) => {
    ensureNumbers('cumsum', x!);
    return { shape: x!.shape, dtype: x!.dtype };
  },
  // An element is part of its own sum and of all later ones.
  gradient: (g, { attributes: { dim, reverse } }) => [runningSum(g, dim, !reverse)],
  lowering: (emitter, { attributes: { dim, reverse } }, [x]) =>
    emitter.emit('CumSum', [x!, emitter.scalar(dim, 'int32')], { attributes: { reverse: Number(reverse) } }),
});

function runningSum(x: Tensor, dim: number, reverse: boolean): Tensor {
  return applyCumsum([x], { dim, reverse });
}

/** The running sums along `dim`: each includes its own element. */
export function cumsum(x: Tensor, dim: number): Tensor {
  return runningSum(x, normalizeDim(dim, x.shape.length, 'cumsum'), false);
}

/** The index along a dimension that an ONNX operator finds. ONNX gives int64; indices here are int32. */
function position(name: string, operator: string) {
  const apply = definePrimitive<{ dim: number }>({
    name,
    result: ([x], { dim }) => {
      ensureNumbers(name, x!);
      ensureElements(name, x!, [dim]);
      return { shape: keptShape(x!.shape, [dim]), dtype: 'int32' };
    },
    gradient: noGradient,
    lowering: (emitter, { attributes: { dim } }, [x]) =>
      emitter.cast(emitter.emit(operator, [x!], { attributes: { axis: dim, keepdims: 1 } }), 'int32'),
  });
  return (x: Tensor, dim: number | undefined, keepDim: boolean): Tensor => {
    ensureKeepDim(name, keepDim);
    if (dim === undefined) {
      return apply([x.reshape([-1])], { dim: 0 }).reshape(keepDim ? x.shape.map(() => 1) : []);
    }
    const normalized = normalizeDim(dim, x.shape.length, name);
    const reduced = apply([x], { dim: normalized });
    return keepDim ? reduced : reduced.reshape(x.shape.filter((_, d) => d !== normalized));
  };
}

export const argmax = position('argmax', 'ArgMax');
export const argmin = position('argmin', 'ArgMin');

const applyTopkIndices = definePrimitive<{ k: number; dim: number; largest: boolean }>({
  name: 'topkIndices',
  result: ([x], { k, dim }) => ({ shape: x!.shape.with(dim, k), dtype: 'int32' }),
  gradient: noGradient,
  lowering: (emitter, { inputs: [value], attributes: { k, dim, largest } }, [x]) => {
    const attributes = { axis: dim, largest: Number(largest) };
    // ONNX Runtime would leave even the other elements out of order if there is NaN among them.
    const nans = value!.dtype === 'float32' && emitter.emit('IsNaN', [x!]);
    const keys = nans ? emitter.emit('Where', [nans, emitter.scalar(Number.POSITIVE_INFINITY, 'float32'), x!]) : x!;
    const [, indices] = emitter.emitMany('TopK', [keys, emitter.integers([k])], 2, { attributes });
    return emitter.cast(indices!, 'int32');
  },
});

/** The `k` largest elements along `dim`, and their indices. NaN counts as infinity. */
export function topk(x: Tensor, k: number, dim: number): { values: Tensor; indices: Tensor } {
  ensureNumbers('topk', x);
  const normalized = normalizeDim(dim, x.shape.length, 'topk');
  const length = x.shape[normalized]!;
  ensure(
    Number.isInteger(k) && k >= 0 && k <= length,
    () =>
      `topk: k must be a whole number from 0 to ${length}, the length of dimension ${dim} of ${x.describe()}, but is ${describeValue(k)}`,
  );
  const indices = applyTopkIndices([x], { k, dim: normalized, largest: true });
  return { values: gather(x, normalized, indices), indices };
}

export interface SortOptions {
  /** Whether the largest element comes first. Defaults to false. */
  descending?: boolean;
}

/** The elements in order along `dim`, and their indices; equal ones keep their order. NaN counts as infinity. */
export function sort(x: Tensor, dim: number, options: SortOptions): { values: Tensor; indices: Tensor } {
  const { descending = false } = knownOptions('sort', options, { descending: true });
  ensureNumbers('sort', x);
  const normalized = normalizeDim(dim, x.shape.length, 'sort');
  const k = x.shape[normalized]!;
  const indices = applyTopkIndices([x], { k, dim: normalized, largest: descending });
  return { values: gather(x, normalized, indices), indices };
}

function ensureNumbers(operation: string, x: Tensor): void {
  ensure(x.dtype !== 'bool', () => `${operation}: ${x.describe()} is bool; convert it with .to('float32')`);
}
