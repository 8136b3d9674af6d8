import type { GgufReader, MetadataToWrite } from '../formats/gguf/index.ts';
import type { Random } from '../random/random.ts';
import type { ConfigTable } from './config-table.ts';
import type { Hyperparameters } from './gguf-hyperparameters.ts';
import type { LanguageModel } from './language-model.ts';
import type { TensorLayout } from './tensor-layout.ts';

/** What every configuration says. */
export type ModelConfig = LanguageModel['config'];

/**
 * A family of models: all that the library needs to know to train, save, open, convert and describe them. A family is one folder that exports
 * one `Family`, and one line in `registry.ts`; or one call of {@link registerFamily} in a program of your own.
 *
 * Where the configuration has `nLayers`, the blocks' parameters have paths that begin with `blocks.0.`, `blocks.1.` and so on.
 */
export interface Family<Config extends ModelConfig = ModelConfig> {
  /** What checkpoints call it; `family` of its models. */
  readonly name: string;
  /** Well-known configurations by name. */
  readonly presets?: Readonly<Record<string, Config>>;
  /** The fields of its configurations: meanings, defaults, checks. */
  readonly config: ConfigTable<Config>;
  /** A freshly initialised model. */
  create(config: Config, random?: Random): LanguageModel;
  /** How Hugging Face publishes such models, if it does. */
  readonly huggingFace?: HuggingFaceForm<Config>;
  /** How llama.cpp stores such models in GGUF files, if it knows them. */
  readonly gguf?: GgufForm<Config>;
}

/** How Hugging Face publishes the models of a family. */
export interface HuggingFaceForm<Config extends ModelConfig = ModelConfig> {
  /** The values of `model_type` in config.json that mean a model of this family. */
  readonly modelTypes: readonly string[];
  /** Our configuration from a config.json. Throws one clear sentence if it is damaged or asks for what is not supported. */
  readConfig(json: unknown, modelType: string): Config;
  /** The contents of config.json. Throws a TsgptError if none of the family's model types can express the configuration. */
  writeConfig(config: Config): Record<string, unknown>;
  layout(config: Config): TensorLayout;
}

/** How llama.cpp stores the models of a family. */
export interface GgufForm<Config extends ModelConfig = ModelConfig> {
  /** The values of `general.architecture` that mean a model of this family. */
  readonly architectures: readonly string[];
  /** Our configuration. Throws one clear sentence if the file asks for what is not supported. */
  readConfig(hyperparameters: Hyperparameters, reader: GgufReader): Promise<Config>;
  /** Throws a TsgptError if none of llama.cpp's architectures computes what the model does. */
  writeConfig(config: Config): GgufConfig;
  layout(config: Config, architecture: string): TensorLayout;
}

/** A configuration as GGUF's metadata have it. */
export interface GgufConfig {
  architecture: string;
  /** Keys without the architecture before them. */
  hyperparameters: Record<string, MetadataToWrite>;
}
