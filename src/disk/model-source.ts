import { TsgptError } from '../core/errors.ts';
import type { LanguageModel, ModelDescription } from '../models/index.ts';
import type { Tokenizer } from '../tokenizer/index.ts';

/** Whether weights are read into memory or left in their file, where only a decoder's graph can use them. */
export type WeightPlace = 'memory' | 'file';

/** What tells one checkpoint of a run from another. */
export interface CheckpointFacts {
  /** The number of training steps. */
  step: number;
  /** The loss measured after them, if it was. */
  validationLoss?: number | undefined;
}

/** A model on disk whose weights have not been read yet. */
export interface ModelSource extends ModelDescription {
  /** The folder or file it comes from. */
  path: string;
  /** The tokenizer; undefined if there is none beside the weights. */
  tokenizer: Tokenizer | undefined;
  /** Why the file's tokenizer cannot be used, in a sentence; its weights can. */
  tokenizerProblem?: string | undefined;
  /** The Jinja template of the conversations that it was trained on, if any. */
  chatTemplate: string | undefined;
  /** Tokens that end a text, besides the tokenizer's own. */
  stopTokens: readonly number[];
  /** For a training run: the checkpoint. */
  checkpoint?: CheckpointFacts & {
    /** Its name, if it was chosen in the run's folder. */
    name?: 'best' | 'last' | undefined;
    /** The other checkpoint of the folder, if there is one. */
    other?: CheckpointFacts | undefined;
  };
  /** All files that the weights depend on. Quantized weights are kept in a cache for as long as these files stay the same. */
  files?(): Promise<readonly string[]>;
  load(weights: WeightPlace): Promise<LanguageModel>;
  /** Whether the files have been replaced by others, so that they should be loaded again. Defaults to no. */
  wasReplaced?(): Promise<boolean>;
}

/** Runs `read`; adds the path to its errors. */
export async function readingFrom<T>(path: string, read: () => T | Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (cause) {
    // A RangeError means that an array is too large.
    if (!(cause instanceof TsgptError || cause instanceof RangeError)) throw cause;
    if (cause.message.includes(path)) throw cause;
    throw new TsgptError(`cannot load ${path}: ${cause.message}`, { cause });
  }
}
