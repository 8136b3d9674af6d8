import { ensure } from '../../core/errors.ts';
import {
  Embedding,
  type ForwardPass,
  Linear,
  LlamaBlock,
  Module,
  nameParameters,
  normalInit,
  RMSNorm,
  RotaryEmbedding,
} from '../../nn/index.ts';
import { Random } from '../../random/random.ts';
import { crossEntropy, dropout, linear, type Tensor } from '../../tensor/index.ts';
import type { LanguageModel } from '../language-model.ts';
import { checkLlamaConfig, type LlamaConfig } from './config.ts';

/**
 * Llama (Touvron et al., 2023) and its relatives: tokens embedded, a stack of transformer blocks that learn of positions by turning
 * queries and keys, a final normalisation, and a head that scores every token of the vocabulary as the next one.
 *
 * The configuration decides whether it is a Llama, a TinyLlama, a SmolLM2, a Mistral, a Qwen2 or a Qwen3.
 */
export class Llama extends Module implements LanguageModel {
  readonly architecture = 'llama';
  readonly config: LlamaConfig;
  readonly tokenEmbedding: Embedding;
  readonly blocks: readonly LlamaBlock[];
  readonly finalNorm: RMSNorm;
  readonly head: Linear | undefined;

  constructor(config: LlamaConfig, random = new Random(0)) {
    super();
    checkLlamaConfig(config);
    const { vocabSize, embDim, headDim, nLayers, normEps, ropeTheta, ropeScaling, tiedHead } = config;
    this.config = config;
    this.tokenEmbedding = new Embedding(vocabSize, embDim, random);
    const rotary = new RotaryEmbedding({ headDim, theta: ropeTheta, scaling: ropeScaling });
    // Every block adds twice to the shortcut connection; smaller additions keep the sum of 2 nLayers of them in bounds.
    const outputInit = normalInit(0.02 / Math.sqrt(2 * nLayers));
    this.blocks = Array.from({ length: nLayers }, () => new LlamaBlock({ ...config, rotary, outputInit }, random));
    this.finalNorm = new RMSNorm(embDim, random, normEps);
    this.head = tiedHead ? undefined : new Linear(embDim, vocabSize, random, { bias: false });
    nameParameters(this);
  }

  get vocabularyWeights() {
    return [this.tokenEmbedding.weight, ...(this.head ? [this.head.weight] : [])];
  }

  get cacheShape() {
    const { nLayers, nKvHeads, headDim } = this.config;
    return { nLayers, nKvHeads, headDim };
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
    const { random, cache } = pass;
    const { contextLength, dropRate } = this.config;
    ensure(tokens.shape.length === 2, () => `the tokens must be [batch, time], but are ${tokens.describe()}`);
    const time = tokens.shape[1]!;
    ensure(
      cache || time <= contextLength,
      () => `the model sees at most ${contextLength} tokens at once, but was given ${time}; pass only the last ones`,
    );
    let x = this.tokenEmbedding.weight.rows(tokens).named('embeddings'); // [batch, time, embDim]
    if (random) x = dropout(x, dropRate, random);
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
}
