import { ensureKind } from '../../core/kind.ts';
import { knownOptions } from '../../core/options.ts';
import { forwardPassNames } from '../../nn/forward-pass.ts';
import {
  Attention,
  Embedding,
  FeedForward,
  type ForwardPass,
  firstVectors,
  LayerNorm,
  Linear,
  positionsOf,
  TransformerBlock,
} from '../../nn/index.ts';
import { Random } from '../../random/random.ts';
import type { Tensor } from '../../tensor/index.ts';
import { DecoderOnlyTransformer } from '../decoder-only-transformer.ts';
import { type GPT2Config, type GPT2Options, gpt2Config } from './config.ts';

/**
 * GPT-2 (Radford et al., 2019): token and position embeddings, a stack of transformer blocks, a final normalisation, and a head that
 * computes the logits of the next token.
 *
 * `new GPT2({ vocabSize: 50257 })` is the same as `new GPT2(gpt2.small)` and has 124 million parameters. See {@link GPT2Options} for the
 * defaults of `options`. The initial weights are drawn from `random`, which defaults to `new Random(0)`.
 */
export class GPT2 extends DecoderOnlyTransformer<GPT2Config> {
  readonly family = 'gpt2';
  readonly tokenEmbedding: Embedding;
  readonly positionEmbedding: Embedding;
  readonly blocks: readonly TransformerBlock<LayerNorm, FeedForward>[];
  readonly finalNorm: LayerNorm;
  readonly head: Linear | undefined;

  constructor(options: GPT2Options, random = new Random(0)) {
    super(gpt2Config.complete(options));
    const { vocabSize, contextLength, embDim, nLayers, tiedHead } = this.config;
    this.tokenEmbedding = new Embedding(vocabSize, embDim);
    this.positionEmbedding = new Embedding(contextLength, embDim);
    this.blocks = Array.from({ length: nLayers }, () => gpt2Block(this.config));
    this.finalNorm = new LayerNorm(embDim);
    this.head = tiedHead ? undefined : new Linear(embDim, vocabSize, { bias: false });
    this.initialize(random);
  }

  /** The sum of the token embedding and the position embedding. */
  embed(tokens: Tensor, pass: ForwardPass): Tensor {
    ensureKind('embed', 'tokens [batch, time]', tokens, 'shape');
    knownOptions('embed', pass, forwardPassNames);
    const time = tokens.shape[1]!;
    const places = positionsOf(pass, time);
    const positions = places
      ? this.positionEmbedding.forward(places) // [batch, time, embDim]
      : firstVectors(this.positionEmbedding, time).unsqueeze(0); // [1, time, embDim]
    return this.tokenEmbedding.forward(tokens).add(positions.named('positions')).named('embeddings'); // [batch, time, embDim]
  }
}

function gpt2Block({ embDim, nHeads, qkvBias, dropRate }: GPT2Config) {
  return new TransformerBlock({
    attentionNorm: new LayerNorm(embDim),
    attention: new Attention({ embDim, nHeads, qkvBias, dropRate }),
    feedForwardNorm: new LayerNorm(embDim),
    feedForward: new FeedForward(embDim),
    dropRate,
  });
}
