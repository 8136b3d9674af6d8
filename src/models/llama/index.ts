import type { Family } from '../family.ts';
import { type LlamaConfig, llamaConfig } from './config.ts';
import { llamaGguf } from './gguf.ts';
import { llamaHuggingFace } from './hugging-face.ts';
import { Llama } from './llama.ts';
import { llama } from './presets.ts';

/** Llama (Touvron et al., 2023) and its relatives: TinyLlama, SmolLM2, Mistral, Qwen2 and Qwen3. */
export const llamaFamily: Family<LlamaConfig> = {
  name: 'llama',
  presets: llama,
  config: llamaConfig,
  create: (config, random) => new Llama(config, random),
  huggingFace: llamaHuggingFace,
  gguf: llamaGguf,
};
