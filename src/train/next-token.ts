import { ensureKind } from '../core/kind.ts';
import type { Tensor } from '../tensor/index.ts';
import type { Objective, Trainable } from './objective.ts';

/** Next-token prediction, the pretraining objective of language models: the mean cross-entropy, in nats per token. */
export const nextToken: Objective<Pick<Trainable, 'loss'>, 'tokens' | 'targets'> = (model, batch, pass) => {
  ensureKind('nextToken', 'a model', model, 'loss');
  ensureKind('nextToken', 'a batch with tokens and targets', batch, 'tokens', 'targets');
  const { tokens, targets, documentStarts }: NextTokenBatch = batch;
  return model.loss(tokens, targets, documentStarts ? { ...pass, documentStarts } : pass);
};

/** `documentStarts` is in batches of rows whose documents attention keeps apart. */
interface NextTokenBatch {
  tokens: Tensor;
  targets: Tensor;
  documentStarts?: Tensor;
}
