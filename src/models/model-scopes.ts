import { withScopes } from '../nn/scopes.ts';
import type { LanguageModel } from './language-model.ts';

/** What stands for the steps of a language model that are no parts of it: adding embeddings up, a head without weights of its own, the loss. */
export const modelSteps = { embed: 'embedding', unembed: 'head', loss: 'loss' } as const;

/** {@link withScopes} for a language model. */
export function withModelScopes<T>(model: LanguageModel, build: () => T): T {
  return withScopes(model, build, modelSteps);
}
