import * as v from 'valibot';
import { parseConfig } from './config-schema.ts';
import type { ModelConfig } from './family.ts';
import { familyOfModelType } from './registry.ts';

/** Which model it is that a folder or a file holds. */
export interface ModelDescription {
  /** The family as Hugging Face or llama.cpp calls it; of a training run the same as {@link family}. */
  modelType: string;
  /** The name of its family: with {@link config} it makes a model, see `createModel`. */
  family: string;
  config: ModelConfig;
}

const typeSchema = v.object({ model_type: v.string() });

/**
 * Reads the contents of a published model's config.json, parsed. Throws one clear sentence if the family is unknown, a field
 * is missing, or an option is set that changes the computation in a way not supported.
 */
export function readHuggingFaceConfig(json: unknown): ModelDescription {
  const { model_type: modelType } = parseConfig(typeSchema, json);
  const { family, form } = familyOfModelType(modelType);
  return { modelType, family: family.name, config: form.readConfig(json, modelType) };
}
