import { type LayerGroup, summarizeConfig } from '../layer-summary.ts';
import type { GPT2Config } from './config.ts';
import { GPT2 } from './gpt2.ts';

/** Every layer of a GPT-2, in order. */
export function summarizeGPT2(config: GPT2Config): LayerGroup[] {
  return summarizeConfig((one) => new GPT2(one), config);
}
