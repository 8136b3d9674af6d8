export type { ConfigField, Derived } from './config-fields.ts';
export * as configFields from './config-fields.ts';
export { type ConfigTable, configTable, describeDefault } from './config-table.ts';
export { DecoderOnlyTransformer } from './decoder-only-transformer.ts';
export type { Family, GgufConfig, GgufForm, HuggingFaceForm, ModelConfig } from './family.ts';
export type { Hyperparameters } from './gguf-hyperparameters.ts';
export { checkGPT2Config, type GPT2Config, type GPT2Options, gpt2Config, parseGPT2Config } from './gpt2/config.ts';
export { GPT2 } from './gpt2/gpt2.ts';
export { gpt2 } from './gpt2/presets.ts';
export type { LanguageModel } from './language-model.ts';
export { type LayerGroup, type LayerSummary, summarize, totalOf } from './layer-summary.ts';
export {
  checkLlamaConfig,
  type LlamaConfig,
  type LlamaOptions,
  llamaConfig,
  parseLlamaConfig,
} from './llama/config.ts';
export { Llama } from './llama/llama.ts';
export { llama } from './llama/presets.ts';
export { loadPublishedWeights, publishedName, readPublishedWeight } from './load-weights.ts';
export type { WeightSource } from './named-weights.ts';
export { type ModelDescription, readHuggingFaceConfig } from './read-config.ts';
export { createModel, familyNamed, modelFamilies, registerFamily, summarizeModel } from './registry.ts';
export type { PublishedTensor, TensorLayout, TensorPlace } from './tensor-layout.ts';
