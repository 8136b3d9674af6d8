import { ensure } from '../core/errors.ts';
import {
  type Embedding,
  type ForwardPass,
  gpt2Init,
  type Layer,
  type Linear,
  Module,
  nameParameters,
  type TransformerBlock,
} from '../nn/index.ts';
import type { Random } from '../random/random.ts';
import { crossEntropy, dropout, linear, type Tensor } from '../tensor/index.ts';
import type { LanguageModel } from './language-model.ts';

/** What the path through such a model depends on. */
export interface DecoderOnlyConfig {
  readonly vocabSize: number;
  readonly contextLength: number;
  readonly dropRate: number;
}

/**
 * A transformer without an encoder, as GPT-2 and Llama are: tokens embedded, a stack of blocks, a final normalisation, and a head that
 * scores every token of the vocabulary as the next one. A family says what its parts are and how it embeds tokens.
 */
export abstract class DecoderOnlyTransformer<Config extends DecoderOnlyConfig = DecoderOnlyConfig>
  extends Module
  implements LanguageModel
{
  abstract readonly family: string;
  abstract readonly tokenEmbedding: Embedding;
  abstract readonly blocks: readonly TransformerBlock[];
  abstract readonly finalNorm: Layer;
  /** Undefined if the head is the token embedding used backwards. */
  abstract readonly head: Linear | undefined;
  readonly config: Config;

  constructor(config: Config) {
    super();
    this.config = config;
  }

  /** What the first block reads: int32 `[batch, time]` gives `[batch, time, embDim]`. */
  abstract embed(tokens: Tensor, pass: ForwardPass): Tensor;

  /** Names the parameters and gives them GPT-2's initial weights. To be called when all parts are there. */
  protected initialize(random: Random): void {
    nameParameters(this);
    gpt2Init(this, random);
  }

  /**
   * The logits of the next token at every position: int32 `[batch, time]` gives `[batch, time, vocabSize]`. With `pass.random`
   * dropout is on; with `pass.cache` the tokens continue texts.
   */
  forward(tokens: Tensor, pass?: ForwardPass): Tensor {
    return this.unembed(this.features(tokens, pass));
  }

  /** What the head reads at every position: int32 `[batch, time]` gives `[batch, time, embDim]`. */
  features(tokens: Tensor, pass: ForwardPass = {}): Tensor {
    this.#checkTokens(tokens, pass);
    let x = this.embed(tokens, pass); // [batch, time, embDim]
    if (pass.random) x = dropout(x, this.config.dropRate, pass.random);
    for (const block of this.blocks) x = block.forward(x, pass);
    return this.finalNorm.forward(x);
  }

  /** Scores every token of the vocabulary: `[..., embDim]` gives `[..., vocabSize]`. */
  unembed(features: Tensor): Tensor {
    return this.head ? this.head.forward(features) : linear(features, this.tokenEmbedding.weight);
  }

  /** The mean cross-entropy in nats of predicting `targets`, int32 `[batch, time]` like `tokens`; see {@link forward}. */
  loss(tokens: Tensor, targets: Tensor, pass?: ForwardPass): Tensor {
    return crossEntropy(this.forward(tokens, pass), targets);
  }

  get vocabularyWeights() {
    return [this.tokenEmbedding.weight, ...(this.head ? [this.head.weight] : [])];
  }

  get cacheShape() {
    const { nKvHeads, headDim } = this.blocks[0]!.attention;
    return { nLayers: this.blocks.length, nKvHeads, headDim };
  }

  #checkTokens(tokens: Tensor, { cache }: ForwardPass): void {
    const { contextLength } = this.config;
    ensure(tokens.shape.length === 2, () => `the tokens must be [batch, time], but are ${tokens.describe()}`);
    const time = tokens.shape[1]!;
    ensure(
      cache || time <= contextLength,
      () => `the model sees at most ${contextLength} tokens at once, but was given ${time}; pass only the last ones`,
    );
  }
}
