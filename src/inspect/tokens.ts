import { ensure } from '../core/errors.ts';
import { ensureIds, ensureKind } from '../core/kind.ts';
import type { LanguageModel } from '../models/index.ts';
import { fromArray, type Tensor } from '../tensor/index.ts';

/** A prompt as a model reads it: `[1, time]`. Throws if the model cannot read all of it at once. */
export function tokensOf(model: LanguageModel, ids: readonly number[]): Tensor {
  ensureKind('inspect', 'a language model', model, 'config', 'features');
  ensureIds('inspect', 'the prompt', ids);
  const { contextLength } = model.config;
  ensure(ids.length > 0, 'the prompt has no tokens; give at least one character');
  ensure(
    ids.length <= contextLength,
    `the prompt has ${ids.length} tokens, but the model sees at most ${contextLength} at once; give a shorter prompt`,
  );
  return fromArray(Int32Array.from(ids), [1, ids.length], 'tokens');
}
