import type { GgufReader, MetadataToWrite } from '../formats/gguf/index.ts';
import type { Hyperparameters } from './gguf-hyperparameters.ts';
import type { LanguageModel } from './index.ts';
import type { PublishedTensor } from './published-tensors.ts';

/** How models of one of llama.cpp's architectures are read. */
export interface GgufArchitecture<Config = unknown> {
  /** What checkpoints call it; see `createModel`. */
  readonly architecture: string;
  /** Our configuration. Throws one clear sentence if the file asks for what is not supported. */
  readConfig(hyperparameters: Hyperparameters, reader: GgufReader): Promise<Config>;
  /** The model with its weights. Throws a TsgptError if they do not fit the configuration. */
  load(config: Config, reader: GgufReader, architecture: string): Promise<LanguageModel>;
}

/** A model as llama.cpp expects it. */
export interface GgufForm {
  /** What llama.cpp calls this build. */
  architecture: string;
  /** Keys without the architecture before them. */
  hyperparameters: Record<string, MetadataToWrite>;
  tensors: PublishedTensor[];
}
