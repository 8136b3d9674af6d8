export { checkBlocks } from './check-blocks.ts';
export type { ConfigField, Derived } from './config-fields.ts';
export { type ConfigTable, describeDefault } from './config-table.ts';
export { DecoderOnlyTransformer } from './decoder-only-transformer.ts';
export { checkGPT2Config, type GPT2Config, type GPT2Options, gpt2Config, parseGPT2Config } from './gpt2/config.ts';
export { GPT2 } from './gpt2/gpt2.ts';
export { gpt2 } from './gpt2/presets.ts';
export { summarizeGPT2 } from './gpt2/summary.ts';
export { loadGPT2Weights, readGPT2Weight } from './gpt2/weights.ts';
export type { LanguageModel } from './language-model.ts';
export { type LayerGroup, type LayerSummary, totalOf } from './layer-summary.ts';
export {
  checkLlamaConfig,
  type LlamaConfig,
  type LlamaOptions,
  llamaConfig,
  parseLlamaConfig,
} from './llama/config.ts';
export { Llama } from './llama/llama.ts';
export { llama } from './llama/presets.ts';
export { summarizeLlama } from './llama/summary.ts';
export { loadLlamaWeights, publishedLlamaName } from './llama/weights.ts';
export type { WeightSource } from './published-weights.ts';
export { createModel, summarizeModel } from './registry.ts';
