import { describeValue } from '../core/describe-value.ts';
import { ensure } from '../core/errors.ts';
import { ensureKind } from '../core/kind.ts';
import { knownOptions } from '../core/options.ts';
import { forwardPassNames } from '../nn/forward-pass.ts';
import {
  type Embedding,
  type ForwardPass,
  gpt2Init,
  type Layer,
  type Linear,
  Module,
  nameParameters,
  Parameter,
  type TransformerBlock,
} from '../nn/index.ts';
import type { Random } from '../random/random.ts';
import { crossEntropy, dropout, linear, Tensor } from '../tensor/index.ts';
import type { LanguageModel } from './language-model.ts';

/** The fields of the configuration that every decoder-only transformer has. */
export interface DecoderOnlyConfig {
  readonly vocabSize: number;
  readonly contextLength: number;
  readonly dropRate: number;
}

/**
 * A transformer without an encoder, such as GPT-2 and Llama: token embeddings, a stack of transformer blocks, a final normalisation,
 * and a head that computes the logits of the next token. A family defines these parts and how it embeds tokens.
 */
export abstract class DecoderOnlyTransformer<Config extends DecoderOnlyConfig = DecoderOnlyConfig>
  extends Module
  implements LanguageModel
{
  abstract readonly family: string;
  abstract readonly tokenEmbedding: Embedding;
  abstract readonly blocks: readonly TransformerBlock[];
  abstract readonly finalNorm: Layer;
  /** Undefined if the head shares the embedding matrix (weight tying). */
  abstract readonly head: Linear | undefined;
  readonly config: Config;

  constructor(config: Config) {
    super();
    this.config = config;
  }

  /** The input of the first block: int32 `[batch, time]` → `[batch, time, embDim]`. */
  abstract embed(tokens: Tensor, pass: ForwardPass): Tensor;

  /** Names the parameters and gives them GPT-2's initial weights. Call it after creating all parts. */
  protected initialize(random: Random): void {
    ensureKind('initialize', 'a source of random numbers, as new Random(1)', random, 'child');
    nameParameters(this);
    gpt2Init(this, random);
  }

  /**
   * The logits of the next token at every position: int32 `[batch, time]` → `[batch, time, vocabSize]`. `pass.random` turns dropout
   * on; with `pass.cache` the tokens continue earlier ones.
   */
  forward(tokens: Tensor, pass?: ForwardPass): Tensor {
    return this.unembed(this.features(tokens, pass));
  }

  /** The final hidden states, which are the input of the head: int32 `[batch, time]` → `[batch, time, embDim]`. */
  features(tokens: Tensor, pass: ForwardPass = {}): Tensor {
    this.#checkTokens(tokens, knownOptions('forward', pass, forwardPassNames));
    let x = this.embed(tokens, pass); // [batch, time, embDim]
    if (pass.random) x = dropout(x, this.config.dropRate, pass.random);
    for (const block of this.blocks) x = block.forward(x, pass);
    return this.finalNorm.forward(x);
  }

  /** The logits of the next token: `[..., embDim]` → `[..., vocabSize]`. */
  unembed(features: Tensor): Tensor {
    if (this.head) return this.head.forward(features);
    const { weight } = this.tokenEmbedding as { weight?: Tensor }; // a part that replaces the embedding may lack it
    ensure(
      weight,
      () =>
        `the head shares the embedding matrix, but the ${this.tokenEmbedding.constructor.name} at tokenEmbedding has no weight; ` +
        'give it a weight [vocabSize, embDim], or build the model with a head of its own',
    );
    return linear(features, weight);
  }

  /** The mean cross-entropy of predicting `targets`, in nats. `tokens` and `targets` are int32 `[batch, time]`; see {@link forward}. */
  loss(tokens: Tensor, targets: Tensor, pass?: ForwardPass): Tensor {
    ensure(targets !== undefined, 'loss: give the targets, int32 [batch, time], as in loss(tokens, targets)');
    return crossEntropy(this.forward(tokens, pass), targets);
  }

  get vocabularyWeights() {
    const weights: unknown[] = [this.tokenEmbedding.weight, this.head?.weight];
    return weights.filter((weight) => weight instanceof Parameter); // a part that replaces one of the two may lack it
  }

  get cacheShape() {
    const { nKvHeads, headDim } = this.blocks[0]!.attention;
    return { nLayers: this.blocks.length, nKvHeads, headDim };
  }

  #checkTokens(tokens: Tensor, { cache }: ForwardPass): void {
    const { contextLength } = this.config;
    ensure(
      tokens instanceof Tensor,
      () => `the tokens must be a tensor [batch, time], but are ${describeValue(tokens)}`,
    );
    ensure(tokens.shape.length === 2, () => `the tokens must be [batch, time], but are ${tokens.describe()}`);
    const time = tokens.shape[1]!;
    ensure(
      cache || time <= contextLength,
      () => `the model sees at most ${contextLength} tokens at once, but was given ${time}; pass only the last ones`,
    );
  }
}
