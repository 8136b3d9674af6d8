export { blockSize, quantizeBlocks } from '../compile/quantize-blocks.ts';
export type {
  FrozenLeaves,
  StoredBlocks,
  StoredConstant,
  StoredFloats,
  StoredPart,
} from '../compile/stored-constant.ts';
export type { DType, HostArray } from '../dtype.ts';
export { type DynamicLength, dynamicLength, type Lengths } from '../dynamic-length.ts';
export type { Shape } from '../shape.ts';
export { grad } from './autodiff.ts';
export { type Compiled, compile, type Frozen, freeze } from './compile.ts';
export { gelu, relu, silu } from './composites/activations.ts';
export { type CachedAttentionOptions, cachedAttention } from './composites/cached-attention.ts';
export { crossEntropy } from './composites/cross-entropy.ts';
export { dropout } from './composites/dropout.ts';
export { linear } from './composites/linear.ts';
export { layerNorm, rmsNorm } from './composites/normalization.ts';
export { rotate } from './composites/rotary.ts';
export { type CreationOptions, fromArray, full, ones, randn, tensor, zeros } from './creation.ts';
export type { NestedArray } from './format.ts';
export { where } from './primitives/elementwise.ts';
export { arange, feedTensor } from './primitives/leaves.ts';
export { concat, pad, type Range } from './primitives/movement.ts';
export { compute, Tensor, type TensorLike } from './tensor.ts';
export { type OnnxInput, toOnnx } from './to-onnx.ts';
