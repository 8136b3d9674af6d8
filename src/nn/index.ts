export { type AttendOptions, type AttentionOptions, attend, CausalAttention, causalMask } from './attention.ts';
export type { AttentionCache, ForwardPass } from './forward-pass.ts';
export { Embedding, FeedForward, GELU, LayerNorm, Linear, type LinearOptions } from './layers.ts';
export { Module, nameParameters } from './module.ts';
export { observe } from './observe.ts';
export { type Initializer, normalInit, onesInit, Parameter, zerosInit } from './parameter.ts';
export { torchInit } from './torch-init.ts';
export { TransformerBlock } from './transformer-block.ts';
