import type { Objective, Trainable } from './objective.ts';

/** Next-token prediction, the pretraining objective of language models: the mean cross-entropy, in nats per token. */
export const nextToken: Objective<Pick<Trainable, 'loss'>, 'tokens' | 'targets'> = (model, { tokens, targets }, pass) =>
  model.loss(tokens, targets, pass);
