import type { ForwardPass, Parameter } from '../nn/index.ts';
import type { Tensor } from '../tensor/index.ts';

/**
 * The loss to minimise: computes the loss of a model on a batch, a tensor with one element. Pass `pass` on to the model. In training it
 * has a `random`, which turns dropout on; in evaluation it has none.
 *
 * An objective for every language model takes a `LanguageModel`: `model.forward(tokens, pass)` gives its logits, `model.features` its
 * final hidden states.
 */
export type Objective<Model, Names extends string = string> = (
  model: Model,
  batch: Readonly<Record<Names, Tensor>>,
  pass: ForwardPass,
) => Tensor;

/** A model that can be trained to predict the next token. */
export interface Trainable {
  /** Every parameter with its path. */
  namedParameters(): ReadonlyMap<string, Parameter>;
  /** The mean cross-entropy of predicting `targets`, in nats. `tokens` and `targets` are int32 `[batch, time]`. */
  loss(tokens: Tensor, targets: Tensor, pass?: ForwardPass): Tensor;
  /** `contextLength` is the maximum number of tokens the model sees at once, and the default length of training windows. */
  readonly config?: { readonly contextLength?: number };
}
