import type { ForwardPass, Module, Parameter } from '../nn/index.ts';
import type { Tensor } from '../tensor/index.ts';

/** What training and generation need of a model, whichever it is. */
export interface LanguageModel extends Module {
  /** The model family, as checkpoints name it. */
  readonly family: string;
  readonly config: { readonly vocabSize: number; readonly contextLength: number };
  /** The transformer blocks, in order; each passes on `[batch, time, embDim]`. */
  readonly blocks: readonly Module[];
  /** What the last block's output goes through before the head reads it. */
  readonly finalNorm: Module & { forward(x: Tensor): Tensor };
  /** The keys and values attention keeps of every token, in each of its layers. */
  readonly cacheShape: { readonly nLayers: number; readonly nKvHeads: number; readonly headDim: number };
  /** The tables with a row for every token: the embedding, and the head if it has one of its own. */
  readonly vocabularyWeights: readonly Parameter[];
  /** int32 `[batch, time]` → what the head reads, `[batch, time, embDim]`. */
  features(tokens: Tensor, pass?: ForwardPass): Tensor;
  /** `[..., embDim]` → logits `[..., vocabSize]`. */
  unembed(features: Tensor): Tensor;
  /** The mean cross-entropy in nats of predicting `targets`, int32 `[batch, time]` like `tokens`. */
  loss(tokens: Tensor, targets: Tensor, pass?: ForwardPass): Tensor;
}
