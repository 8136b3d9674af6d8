import { type LayerGroup, summarizeConfig } from '../layer-summary.ts';
import type { LlamaConfig } from './config.ts';
import { Llama } from './llama.ts';

/** Every layer of a model of the Llama family, in order. */
export function summarizeLlama(config: LlamaConfig): LayerGroup[] {
  return summarizeConfig((one) => new Llama(one), config);
}
