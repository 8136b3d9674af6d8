import { TsgptError } from '../core/errors.ts';
import type { Random } from '../random/random.ts';
import { type GPT2Config, parseGPT2Config } from './gpt2/config.ts';
import { GPT2 } from './gpt2/gpt2.ts';
import { summarizeGPT2 } from './gpt2/summary.ts';
import type { LanguageModel } from './language-model.ts';
import type { LayerGroup } from './layer-summary.ts';
import { type LlamaConfig, parseLlamaConfig } from './llama/config.ts';
import { Llama } from './llama/llama.ts';
import { summarizeLlama } from './llama/summary.ts';

/** What can be made of the configuration in a checkpoint. */
interface Architecture {
  parse(config: unknown): GPT2Config | LlamaConfig;
  create(config: unknown, random?: Random): LanguageModel;
  summarize(config: unknown): LayerGroup[];
}

/** The model families by the name that checkpoints have for them. A new family is one more entry. */
const architectures: Record<string, Architecture> = {
  gpt2: {
    parse: parseGPT2Config,
    create: (config, random) => new GPT2(parseGPT2Config(config), random),
    summarize: (config) => summarizeGPT2(parseGPT2Config(config)),
  },
  llama: {
    parse: parseLlamaConfig,
    create: (config, random) => new Llama(parseLlamaConfig(config), random),
    summarize: (config) => summarizeLlama(parseLlamaConfig(config)),
  },
};

function architectureOf(name: string): Architecture {
  const architecture = Object.hasOwn(architectures, name) ? architectures[name] : undefined;
  if (architecture) return architecture;
  const known = Object.keys(architectures).join(', ');
  throw new TsgptError(`there is no model architecture "${name}" here; known: ${known}`);
}

/** A freshly initialised model of the named family. Throws if the family is unknown or the configuration is not one of it. */
export function createModel(architecture: string, config: unknown, random?: Random): LanguageModel {
  return architectureOf(architecture).create(config, random);
}

/** The configuration of a model of the named family, checked. Throws as {@link createModel} does. */
export function parseModelConfig(architecture: string, config: unknown): GPT2Config | LlamaConfig {
  return architectureOf(architecture).parse(config);
}

/** Every layer of a model of the named family, in order, without building it. Throws as {@link createModel} does. */
export function summarizeModel(architecture: string, config: unknown): LayerGroup[] {
  return architectureOf(architecture).summarize(config);
}
