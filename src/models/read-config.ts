import * as v from 'valibot';
import { ensure } from '../core/errors.ts';
import { printable } from '../core/printable.ts';
import { parseConfig } from './config-schema.ts';
import { families, type PretrainedFamily } from './families.ts';
import type { LanguageModel } from './index.ts';

/** What model there is in a folder or a file, apart from its weights. */
export interface PretrainedConfig {
  /** The family as Hugging Face or llama.cpp calls it. */
  modelType: string;
  /** What checkpoints call it: with {@link config} it makes a model, see `createModel`. */
  architecture: string;
  config: LanguageModel['config'];
}

const typeSchema = v.object({ model_type: v.string() });

/**
 * Reads the contents of a published model's config.json, parsed. Throws one clear sentence if the family is unknown, a field
 * is missing, or an option is set that changes the computation in a way not supported.
 */
export function readHuggingFaceConfig(json: unknown): PretrainedConfig {
  const { model_type: modelType } = parseConfig(typeSchema, json);
  const family = familyOf(modelType);
  return { modelType, architecture: family.architecture, config: family.readConfig(json) as LanguageModel['config'] };
}

/** The entry of {@link families} for a `model_type`; throws a TsgptError if there is none. */
export function familyOf(modelType: string): PretrainedFamily {
  const family = Object.hasOwn(families, modelType) ? families[modelType] : undefined;
  ensure(
    family,
    `models of the type ${printable(modelType)} cannot be loaded; supported are: ${Object.keys(families).join(', ')}`,
  );
  return family;
}
