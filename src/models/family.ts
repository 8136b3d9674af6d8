import type { MetadataToWrite } from '../formats/gguf/index.ts';
import type { Random } from '../random/random.ts';
import type { ConfigTable } from './config-table.ts';
import type { GgufSource, Hyperparameters } from './gguf-hyperparameters.ts';
import type { LanguageModel } from './language-model.ts';
import type { TensorLayout } from './tensor-layout.ts';

/** The fields that every configuration has. */
export type ModelConfig = LanguageModel['config'];

/**
 * A family of models: everything the library needs in order to train, save, open, convert and describe them. In the library, a family is
 * a folder that exports one `Family`, and one line in `registry.ts`. Your own program calls {@link registerFamily} instead.
 *
 * If the configuration has `nLayers`, the paths of the blocks' parameters must begin with `blocks.0.`, `blocks.1.` and so on.
 */
export interface Family<Config extends ModelConfig = ModelConfig> {
  /** The name of the family in checkpoints, and the `family` of its models. */
  readonly name: string;
  /** Well-known configurations by name. */
  readonly presets?: Readonly<Record<string, Config>>;
  /** The fields of its configurations, with their meanings, defaults and checks. */
  readonly config: ConfigTable<Config>;
  /** Creates a model with initial weights. */
  create(config: Config, random?: Random): LanguageModel;
  /** How Hugging Face publishes such models, if it does. */
  readonly huggingFace?: HuggingFaceForm<Config>;
  /** How llama.cpp stores such models in GGUF files, if it supports them. */
  readonly gguf?: GgufForm<Config>;
}

/** How Hugging Face publishes the models of a family. */
export interface HuggingFaceForm<Config extends ModelConfig = ModelConfig> {
  /** The values of `model_type` in config.json that mean a model of this family. */
  readonly modelTypes: readonly string[];
  /** Reads a configuration from a config.json. Throws a TsgptError if the file is damaged or not supported. */
  readConfig(json: unknown, modelType: string): Config;
  /** Writes a config.json. Throws a TsgptError if none of the family's model types can express the configuration. */
  writeConfig(config: Config): Record<string, unknown>;
  layout(config: Config): TensorLayout;
  /** The same configuration with a head of its own, if the head is tied to the token embedding. */
  untied?(config: Config): Config | undefined;
}

/** How llama.cpp stores the models of a family. */
export interface GgufForm<Config extends ModelConfig = ModelConfig> {
  /** The values of `general.architecture` that mean a model of this family. */
  readonly architectures: readonly string[];
  /** Reads a configuration from a GGUF file. Throws a TsgptError if the file is not supported. */
  readConfig(hyperparameters: Hyperparameters, reader: GgufSource): Promise<Config>;
  /** Writes the metadata. Throws a TsgptError if none of llama.cpp's architectures computes the same as the model. */
  writeConfig(config: Config): GgufConfig;
  layout(config: Config, architecture: string): TensorLayout;
}

/** A configuration in the form of GGUF metadata. */
export interface GgufConfig {
  architecture: string;
  /** The keys do not include the architecture, which is their prefix in the file. */
  hyperparameters: Record<string, MetadataToWrite>;
}
