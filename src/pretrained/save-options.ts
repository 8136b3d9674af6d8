import { ensure } from '../core/errors.ts';
import { ensureKind } from '../core/kind.ts';
import type { OptionNames } from '../core/options.ts';
import type { LanguageModel, PublishedTensor } from '../models/index.ts';
import { fitsModel, type Tokenizer } from '../tokenizer/index.ts';

/** A model to save: the counterpart of what `openModel` gives. */
export interface PretrainedToSave {
  model: LanguageModel;
  tokenizer?: Tokenizer | undefined;
  /** The Jinja template of the conversations that the model was trained on, if any. */
  chatTemplate?: string | undefined;
  /** Tokens that end a text, besides the tokenizer's own. Defaults to none. */
  stopTokens?: readonly number[] | undefined;
}

export interface SaveOptions {
  /** Called before each tensor is written; if it throws, writing stops and nothing is left behind. */
  onProgress?: (progress: { tensors: number; total: number }) => void;
}

export const saveOptionNames: OptionNames<SaveOptions> = { onProgress: true };

/** The same tensors; each reports when it is made. */
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
export function ensureFits(toSave: PretrainedToSave): void {
  ensureKind('save', 'a model and its tokenizer, as in { model, tokenizer }', toSave, 'model');
  const { model, tokenizer } = toSave;
  ensureKind('save', 'a language model', model, 'config', 'family', 'namedParameters');
  ensure(
    !tokenizer || fitsModel(tokenizer, model.config.vocabSize),
    `the tokenizer has ${tokenizer?.vocabSize} tokens, but the model only ${model.config.vocabSize}; save a model with its own tokenizer`,
  );
}
