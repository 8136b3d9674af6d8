export type { DType, HostArray } from '../core/dtype.ts';
export { type KnownLengths, type OpenLength, openLengths } from '../core/open-length.ts';
export type { Shape } from '../core/shape.ts';
export { grad } from './autodiff.ts';
export { gelu, logSigmoid, relu, silu, softplus } from './composites/activations.ts';
export { type BlockwiseAttentionOptions, blockwiseAttention } from './composites/blockwise-attention.ts';
export { type CachedAttentionOptions, cachedAttention } from './composites/cached-attention.ts';
export { type CrossEntropyOptions, crossEntropy } from './composites/cross-entropy.ts';
export { dropout } from './composites/dropout.ts';
export { einsum } from './composites/einsum.ts';
export { linear } from './composites/linear.ts';
export { mseLoss } from './composites/mse-loss.ts';
export { layerNorm, rmsNorm } from './composites/normalization.ts';
export { oneHot } from './composites/one-hot.ts';
export { rotate } from './composites/rotary.ts';
export { stack } from './composites/shapes.ts';
export type { VarianceOptions } from './composites/statistics.ts';
export {
  type CreationOptions,
  eye,
  fromArray,
  full,
  linspace,
  ones,
  onesLike,
  randn,
  tensor,
  zeros,
  zerosLike,
} from './creation.ts';
export type { NestedArray } from './format.ts';
export { compute, type LazyArray } from './lazy-array.ts';
export type { SortOptions } from './primitives/along-dim.ts';
export { where } from './primitives/elementwise.ts';
export { arange, feedTensor } from './primitives/leaves.ts';
export { concat, pad, type Range } from './primitives/movement.ts';
export { Tensor, type TensorLike } from './tensor.ts';
export type { TensorValues } from './values.ts';
