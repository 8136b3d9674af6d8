import { gpt2Family } from './gpt2/hugging-face.ts';
import type { LanguageModel, WeightSource } from './index.ts';
import { llamaFamily, mistralFamily, qwen2Family, qwen3Family } from './llama/hugging-face.ts';

/** How a family of models is published at Hugging Face. */
export interface PretrainedFamily<Config = unknown> {
  /** What checkpoints call it; see {@link createModel}. */
  readonly architecture: string;
  /** Our configuration from a config.json. Throws one clear sentence if it is damaged or asks for what is not supported. */
  readConfig(json: unknown): Config;
  /** The model with its published weights. Throws a TsgptError if they do not fit the configuration. */
  load(config: Config, weights: WeightSource): Promise<LanguageModel>;
}

/** The families that can be loaded, by the `model_type` in their config.json. A new family is one more entry. */
export const families: Record<string, PretrainedFamily> = {
  gpt2: gpt2Family,
  llama: llamaFamily,
  mistral: mistralFamily,
  qwen2: qwen2Family,
  qwen3: qwen3Family,
};
