import { ensure } from '../../core/errors.ts';
import {
  Embedding,
  type ForwardPass,
  LayerNorm,
  Linear,
  Module,
  nameParameters,
  normalInit,
  TransformerBlock,
} from '../../nn/index.ts';
import { Random } from '../../random/random.ts';
import { crossEntropy, dropout, linear, type Tensor } from '../../tensor/index.ts';
import type { LanguageModel } from '../language-model.ts';
import { checkGPT2Config, type GPT2Config } from './config.ts';

/**
 * GPT-2 (Radford et al., 2019): tokens and positions embedded, a stack of transformer blocks, a final normalisation, and a
 * head that scores every token of the vocabulary as the next one.
 *
 * `new GPT2(gpt2.small)` has 124 million parameters, initialised as GPT-2's.
 */
export class GPT2 extends Module implements LanguageModel {
  readonly architecture = 'gpt2';
  readonly config: GPT2Config;
  readonly tokenEmbedding: Embedding;
  readonly positionEmbedding: Embedding;
  readonly blocks: readonly TransformerBlock[];
  readonly finalNorm: LayerNorm;
  readonly head: Linear | undefined;

  constructor(config: GPT2Config, random = new Random(0)) {
    super();
    checkGPT2Config(config);
    const { vocabSize, contextLength, embDim, nLayers, tiedHead } = config;
    this.config = config;
    this.tokenEmbedding = new Embedding(vocabSize, embDim, random);
    this.positionEmbedding = new Embedding(contextLength, embDim, random);
    // Every block adds twice to the shortcut connection; smaller additions keep the sum of 2 nLayers of them in bounds.
    const outputInit = normalInit(0.02 / Math.sqrt(2 * nLayers));
    this.blocks = Array.from({ length: nLayers }, () => new TransformerBlock({ ...config, outputInit }, random));
    this.finalNorm = new LayerNorm(embDim, random);
    this.head = tiedHead ? undefined : new Linear(embDim, vocabSize, random, { bias: false });
    nameParameters(this);
  }

  get vocabularyWeights() {
    return [this.tokenEmbedding.weight, ...(this.head ? [this.head.weight] : [])];
  }

  get cacheShape() {
    const { nLayers, nHeads, embDim } = this.config;
    return { nLayers, nKvHeads: nHeads, headDim: embDim / nHeads };
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
    const table = this.positionEmbedding.weight; // [contextLength, embDim]
    const positions = cache ? table.rows(cache.positions) : table.slice([0, time]).unsqueeze(0); // [batch or 1, time, embDim]
    let x = this.tokenEmbedding.forward(tokens).add(positions.named('positions')).named('embeddings'); // [batch, time, embDim]
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
