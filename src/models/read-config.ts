import * as v from 'valibot';
import { parseConfig } from './config-schema.ts';
import type { ModelConfig } from './family.ts';
import { familyOfModelType } from './registry.ts';

/** Describes the model that a folder or file holds. */
export interface ModelDescription {
  /** Hugging Face's model type or llama.cpp's architecture; for a training run, the same as {@link family}. */
  modelType: string;
  /** The name of the family. Pass it to `createModel` together with {@link config}. */
  family: string;
  config: ModelConfig;
}

const typeSchema = v.object({ model_type: v.string() });

/**
 * Reads the parsed config.json of a published model. Throws a TsgptError if the family is unknown, a field is missing, or an option
 * asks for an unsupported computation.
 */
export function readHuggingFaceConfig(json: unknown): ModelDescription {
  const { model_type: modelType } = parseConfig(typeSchema, json);
  const { family, form } = familyOfModelType(modelType);
  return { modelType, family: family.name, config: form.readConfig(json, modelType) };
}
