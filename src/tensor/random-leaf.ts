import type { DType, HostArray } from '../core/dtype.ts';
import type { Shape } from '../core/shape.ts';
import { feedTensor, givenTensor } from './primitives/leaves.ts';
import type { Tensor } from './tensor.ts';
import { isTracing } from './tracing.ts';

/** A tensor of random elements, which `draw` makes. They are drawn now; inside a compiled function, anew at each call. */
export function randomLeaf(draw: () => HostArray, shape: Shape, dtype: DType): Tensor {
  return isTracing() ? feedTensor(draw, shape, dtype) : givenTensor(draw(), shape, dtype);
}
