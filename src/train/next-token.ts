import type { Objective, Trainable } from './objective.ts';

/** Predicting each next token of a text: the objective that language models are pretrained with. In nats per token. */
export const nextToken: Objective<Pick<Trainable, 'loss'>, 'tokens' | 'targets'> = (model, { tokens, targets }, pass) =>
  model.loss(tokens, targets, pass);
