/**
 * tsgpt: a GPT written from scratch in TypeScript, in Node and in browsers.
 *
 * These are the names one begins with. Each part has more under a name of its own: `tsgpt/tensor`, `tsgpt/compile`, `tsgpt/nn`, `tsgpt/models`,
 * `tsgpt/tokenizer`, `tsgpt/text`, `tsgpt/train`, `tsgpt/generate`, `tsgpt/chat`, `tsgpt/inspect`, `tsgpt/measure`, `tsgpt/profile`,
 * `tsgpt/random`, `tsgpt/runtime`, `tsgpt/charts`. Files, training runs, published models and the hub are in `tsgpt/node`.
 */

export { ChatTemplate, Conversation } from './chat/index.ts';
export { type Compiled, compile } from './compile/index.ts';
export { TsgptError } from './core/errors.ts';
export {
  Decoder,
  type GenerateOptions,
  generate,
  generateBatch,
  generateTokens,
  type NextTokenModel,
  type Quantization,
  type SamplingOptions,
} from './generate/index.ts';
export { attentionMaps, journey, logitLens } from './inspect/index.ts';
export { measureHellaSwag, measureLambada, measurePerplexity } from './measure/index.ts';
export {
  createModel,
  DecoderOnlyTransformer,
  type Family,
  GPT2,
  type GPT2Config,
  gpt2,
  type LanguageModel,
  Llama,
  type LlamaConfig,
  llama,
  registerFamily,
  summarizeModel,
} from './models/index.ts';
export {
  Attention,
  causalMask,
  Dropout,
  Embedding,
  FeedForward,
  type ForwardPass,
  GELU,
  gpt2Init,
  LayerNorm,
  Linear,
  Module,
  observe,
  Parameter,
  RMSNorm,
  RotaryEmbedding,
  Sequential,
  SwiGLU,
  seedParameters,
  TransformerBlock,
  torchInit,
} from './nn/index.ts';
export { Random, TorchRandom } from './random/index.ts';
export { getRuntime, type Runtime, setRuntime } from './runtime/index.ts';
export {
  arange,
  compute,
  concat,
  crossEntropy,
  type DType,
  dropout,
  einsum,
  fromArray,
  full,
  gelu,
  grad,
  layerNorm,
  linear,
  mseLoss,
  oneHot,
  ones,
  randn,
  relu,
  rmsNorm,
  type Shape,
  silu,
  stack,
  Tensor,
  tensor,
  where,
  zeros,
} from './tensor/index.ts';
export {
  type Batch,
  type BatchStream,
  encodeText,
  RandomWindows,
  splitTrainValidation,
  textSourceOf,
} from './text/index.ts';
export { CharTokenizer, GPT2Tokenizer, HuggingFaceTokenizer, type Tokenizer } from './tokenizer/index.ts';
export {
  AdamW,
  cosineSchedule,
  Muon,
  nextToken,
  type Objective,
  type Optimizer,
  SGD,
  type Trainable,
  Trainer,
  type TrainOptions,
  type TrainReport,
  train,
  trainLoop,
} from './train/index.ts';
