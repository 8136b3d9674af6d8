export { GPT2 } from './gpt2.ts';
export { checkGPT2Config, type GPT2Config, gpt2, parseGPT2Config } from './gpt2-config.ts';
export { type LayerGroup, type LayerSummary, summarizeGPT2, totalOf } from './gpt2-summary.ts';
export { loadGPT2Weights, readGPT2Weight, type WeightSource } from './gpt2-weights.ts';
export type { LanguageModel } from './language-model.ts';
export { Llama } from './llama.ts';
export { checkLlamaConfig, type LlamaConfig, parseLlamaConfig } from './llama-config.ts';
export { createModel } from './registry.ts';
