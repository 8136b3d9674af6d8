import type { ForwardPass, Parameter } from '../nn/index.ts';
import type { Tensor } from '../tensor/index.ts';

/**
 * What training makes small: the loss of a model on a batch, a tensor with one element. `pass` is to be handed on to the model: with
 * `pass.random` it is a training pass, with dropout; without, an evaluation.
 */
export type Objective<Model, Names extends string = string> = (
  model: Model,
  batch: Readonly<Record<Names, Tensor>>,
  pass: ForwardPass,
) => Tensor;

/** What training needs of a model that predicts the next token: a loss and parameters. */
export interface Trainable {
  /** Every parameter with its path. */
  namedParameters(): ReadonlyMap<string, Parameter>;
  /** The mean cross-entropy in nats of predicting `targets`, int32 `[batch, time]` like `tokens`. */
  loss(tokens: Tensor, targets: Tensor, pass?: ForwardPass): Tensor;
  /** How many tokens the model sees at once, which is how long windows of text are unless training is told otherwise. */
  readonly config?: { readonly contextLength?: number };
}
