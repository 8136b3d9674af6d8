export { type AttendOptions, Attention, type AttentionOptions, attend, causalMask } from './attention.ts';
export { Dropout, type PassLayer, Sequential } from './containers.ts';
export { Activation, FeedForward, type FeedForwardOptions, GELU, SwiGLU, type SwiGLUOptions } from './feed-forward.ts';
export { type AttentionCache, type AttentionHeads, type ForwardPass, positionsOf } from './forward-pass.ts';
export { gpt2Init } from './gpt2-init.ts';
export { type Initializer, normalInit, onesInit, seedParameters, zerosInit } from './initializers.ts';
export {
  Embedding,
  type EmbeddingOptions,
  firstVectors,
  type Layer,
  LayerNorm,
  Linear,
  type LinearOptions,
  type NormOptions,
  plainTable,
  type ResidualLayer,
  RMSNorm,
} from './layers.ts';
export { Module, nameParameters } from './module.ts';
export { observe } from './observe.ts';
export { Parameter } from './parameter.ts';
export { RotaryEmbedding, type RotaryOptions, type RotaryScaling, rotaryFrequencies } from './rotary.ts';
export type { StateDict } from './state-dict.ts';
export { torchInit } from './torch-init.ts';
export { TransformerBlock, type TransformerBlockParts } from './transformer-block.ts';
