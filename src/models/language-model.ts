import type { ForwardPass, Module, Parameter } from '../nn/index.ts';
import type { Tensor } from '../tensor/index.ts';

/** The interface that training and generation need of any model. */
export interface LanguageModel extends Module {
  /** The model family, as checkpoints name it. */
  readonly family: string;
  readonly config: { readonly vocabSize: number; readonly contextLength: number };
  /** The transformer blocks, in order. Each outputs `[batch, time, embDim]`. */
  readonly blocks: readonly Module[];
  /** The normalisation between the last block and the head. */
  readonly finalNorm: Module & { forward(x: Tensor): Tensor };
  /** The shape of the cache: in each of the `nLayers` blocks, a token has `nKvHeads` keys and values of `headDim` numbers. */
  readonly cacheShape: { readonly nLayers: number; readonly nKvHeads: number; readonly headDim: number };
  /** The matrices with a row for every token: the token embedding, and the head if it has its own weights. */
  readonly vocabularyWeights: readonly Parameter[];
  /** The logits of the next token at every position: int32 `[batch, time]` → `[batch, time, vocabSize]`. */
  forward(tokens: Tensor, pass?: ForwardPass): Tensor;
  /** The final hidden states: int32 `[batch, time]` → `[batch, time, embDim]`. */
  features(tokens: Tensor, pass?: ForwardPass): Tensor;
  /** The logits of the next token: `[..., embDim]` → `[..., vocabSize]`. */
  unembed(features: Tensor): Tensor;
  /** The mean cross-entropy of predicting `targets`, in nats. `tokens` and `targets` are int32 `[batch, time]`. */
  loss(tokens: Tensor, targets: Tensor, pass?: ForwardPass): Tensor;
}
