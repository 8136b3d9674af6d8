import type { DType, HostArray } from '../../core/dtype.ts';
import { ensure } from '../../core/errors.ts';
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

/** The integers 0, 1, ..., `length - 1`, as int32 `[length]`. */
export function arange(length: number): Tensor {
  checkShape([length]);
  return applyRange([], { length });
}

/**
 * A tensor whose elements `feed` returns each time a graph with it runs. Inside a compiled function, `feed` gets the elements of the function's
 * arguments. If `feed` returns another number of elements than `shape` has, the run fails.
 */
export function feedTensor(feed: TensorNode['feed'], shape: Shape, dtype: DType, name?: string): Tensor {
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
