import type { Family } from '../family.ts';
import { type GPT2Config, gpt2Config } from './config.ts';
import { gpt2Gguf } from './gguf.ts';
import { GPT2 } from './gpt2.ts';
import { gpt2HuggingFace } from './hugging-face.ts';
import { gpt2 } from './presets.ts';

/** GPT-2 (Radford et al., 2019). */
export const gpt2Family: Family<GPT2Config> = {
  name: 'gpt2',
  presets: gpt2,
  config: gpt2Config,
  create: (config, random) => new GPT2(config, random),
  huggingFace: gpt2HuggingFace,
  gguf: gpt2Gguf,
};
