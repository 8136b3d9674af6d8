import { describeValue } from '../../core/describe-value.ts';
import type { DType, HostArray } from '../../core/dtype.ts';
import { checkDType } from '../../core/dtype.ts';
import { ensure } from '../../core/errors.ts';
import { ensureFunction } from '../../core/kind.ts';
import { isOpen } from '../../core/open-length.ts';
import { checkShape, type Shape } from '../../core/shape.ts';
import type { LeafCheck } from '../../graph/index.ts';
import { definePrimitive, noGradient, type TensorNode } from '../primitive.ts';
import { Tensor } from '../tensor.ts';

const applyConstant = definePrimitive<{ value: number; dtype: DType }>({
  name: 'constant',
  result: (_, { dtype }) => ({ shape: [], dtype }),
  gradient: noGradient,
  lowering: (emitter, { attributes: { value, dtype } }) => emitter.scalar(value, dtype),
});

/** A scalar that is part of the graph itself. */
export function scalar(value: number, dtype: DType = 'float32'): Tensor {
  return applyConstant([], { value, dtype });
}

const applyRange = definePrimitive<{ length: number }>({
  name: 'range',
  result: (_, { length }) => ({ shape: [length], dtype: 'int32' }),
  gradient: noGradient,
  lowering: (emitter, { attributes: { length } }) => emitter.range(length),
});

/** The whole numbers 0, 1, … below `end`, as int32. */
export function arange(end: number): Tensor;
/** The whole numbers `start`, `start + step`, … before `end`, as int32. `step` defaults to 1; a negative one counts down. */
export function arange(start: number, end: number, step?: number): Tensor;
export function arange(first: number, second?: number, step = 1): Tensor {
  const [start, end] = second === undefined ? [0, first] : [first, second];
  for (const [name, value] of Object.entries({ start, end, step })) {
    ensure(
      Number.isSafeInteger(value) && (Math.abs(value) <= 2 ** 31 - 1 || isOpen(value)),
      () => `arange: ${name} must be a whole number that fits into int32, but is ${describeValue(value)}`,
    );
  }
  ensure(step !== 0, 'arange: the step must not be 0');
  ensure((end - start) * step >= 0, () => `arange: steps of ${step} do not lead from ${start} to ${end}`);
  const length = Math.ceil((end - start) / step);
  const counted = applyRange([], { length });
  const scaled = step === 1 ? counted : counted.mul(step);
  return start === 0 ? scaled : scaled.add(start);
}

/**
 * A tensor whose elements `feed` returns each time a graph with it runs. Inside a compiled function, `feed` gets the elements of the function's
 * arguments. If `feed` returns another number of elements than `shape` has, the run fails.
 */
export function feedTensor(feed: TensorNode['feed'], shape: Shape, dtype: DType, name?: string): Tensor {
  ensureFunction('feedTensor', 'feed', feed);
  checkShape(shape, 'feedTensor');
  checkDType(dtype, 'feedTensor');
  return leaf({ feed }, shape, dtype, name);
}

/** A tensor over an existing array; printing shows its elements. */
export function givenTensor(given: HostArray, shape: Shape, dtype: DType, name?: string): Tensor {
  return leaf({ feed: () => given, given }, shape, dtype, name);
}

function leaf(source: Pick<TensorNode, 'feed' | 'given'>, shape: Shape, dtype: DType, name?: string): Tensor {
  const node = { operation: { name: 'leaf' }, inputs: [], attributes: {}, outputs: [] as Tensor[], ...source };
  node.outputs.push(new Tensor(node, 0, { shape, dtype }, name));
  return node.outputs[0]!;
}

/** A check that every element of `index` lies in 0..`length`-1, or equals `except`; see {@link LeafCheck}. */
export function indexBelow(index: Tensor, length: number, what: string, except?: number): LeafCheck {
  const name = index.name ?? 'the index';
  const check = (data: HostArray) => {
    const position = data.findIndex((value: number) => (value < 0 || value >= length) && value !== except);
    ensure(
      position < 0,
      () => `${name} holds ${data[position]} at position ${position}, but ${what} has only 0 to ${length - 1}`,
    );
  };
  return { value: index, check };
}
