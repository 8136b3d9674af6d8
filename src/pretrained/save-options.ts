import { ensure } from '../core/errors.ts';
import type { LanguageModel, PublishedTensor } from '../models/index.ts';
import type { Tokenizer } from '../tokenizer/index.ts';

/** What is written of a model: the counterpart of {@link Pretrained}. */
export interface PretrainedToSave {
  model: LanguageModel;
  tokenizer?: Tokenizer | undefined;
  /** The Jinja template by which it was trained to hold conversations, if it was. */
  chatTemplate?: string | undefined;
  /** Further tokens that end a text, beside the tokenizer's own. */
  stopTokens?: readonly number[] | undefined;
}

export interface SaveOptions {
  /** Called before each tensor is written; what it throws ends the writing, and nothing is left behind. */
  onProgress?: (progress: { tensors: number; total: number }) => void;
}

/** The same tensors, telling of each when it is made. */
export function withProgress(tensors: readonly PublishedTensor[], { onProgress }: SaveOptions): PublishedTensor[] {
  return tensors.map((tensor, i) => ({
    ...tensor,
    make: () => {
      onProgress?.({ tensors: i, total: tensors.length });
      return tensor.make();
    },
  }));
}

/** Throws if the tokenizer has more tokens than the model. */
export function ensureFits({ model, tokenizer }: PretrainedToSave): void {
  ensure(
    !tokenizer || tokenizer.vocabSize <= model.config.vocabSize,
    `the tokenizer has ${tokenizer?.vocabSize} tokens, but the model only ${model.config.vocabSize}; save those that belong together`,
  );
}
