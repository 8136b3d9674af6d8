import { TsgptError } from '../errors.ts';
import type { Random } from '../random/random.ts';
import { GPT2 } from './gpt2.ts';
import { parseGPT2Config } from './gpt2-config.ts';
import type { LanguageModel } from './language-model.ts';
import { Llama } from './llama.ts';
import { parseLlamaConfig } from './llama-config.ts';

/** How to make a model of each family from the configuration in a checkpoint. A new family is one more entry. */
const architectures: Record<string, (config: unknown, random?: Random) => LanguageModel> = {
  gpt2: (config, random) => new GPT2(parseGPT2Config(config), random),
  llama: (config, random) => new Llama(parseLlamaConfig(config), random),
};

/** A freshly initialised model of the named family. Throws if the family is unknown or the configuration is not one of it. */
export function createModel(architecture: string, config: unknown, random?: Random): LanguageModel {
  const create = Object.hasOwn(architectures, architecture) ? architectures[architecture] : undefined;
  if (!create) {
    const known = Object.keys(architectures).join(', ');
    throw new TsgptError(`there is no model architecture "${architecture}" here; known: ${known}`);
  }
  return create(config, random);
}
