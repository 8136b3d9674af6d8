import {
  Attention,
  Embedding,
  Linear,
  plainTable,
  RMSNorm,
  RotaryEmbedding,
  SwiGLU,
  TransformerBlock,
} from '../../nn/index.ts';
import { Random } from '../../random/random.ts';
import type { Tensor } from '../../tensor/index.ts';
import { DecoderOnlyTransformer } from '../decoder-only-transformer.ts';
import { type LlamaConfig, type LlamaOptions, llamaConfig } from './config.ts';

/**
 * Llama (Touvron et al., 2023) and its relatives: token embeddings, a stack of transformer blocks with rotary position embeddings, a
 * final normalisation, and a head that computes the logits of the next token.
 *
 * The configuration decides whether it is a Llama, a TinyLlama, a SmolLM2, a Mistral with its sliding window, a Qwen2 or a Qwen3. See
 * {@link LlamaOptions} for the defaults of `options`. The initial weights are drawn from `random`, which defaults to `new Random(0)`.
 */
export class Llama extends DecoderOnlyTransformer<LlamaConfig> {
  readonly family = 'llama';
  readonly tokenEmbedding: Embedding;
  readonly blocks: readonly TransformerBlock<RMSNorm, SwiGLU>[];
  readonly finalNorm: RMSNorm;
  readonly head: Linear | undefined;

  constructor(options: LlamaOptions, random = new Random(0)) {
    super(llamaConfig.complete(options));
    const { vocabSize, embDim, headDim, nLayers, normEps: eps, ropeTheta: theta, ropeScaling: scaling } = this.config;
    const rotary = new RotaryEmbedding({ headDim, theta, scaling });
    this.tokenEmbedding = new Embedding(vocabSize, embDim);
    this.blocks = Array.from({ length: nLayers }, () => llamaBlock(this.config, rotary));
    this.finalNorm = new RMSNorm(embDim, { eps });
    this.head = this.config.tiedHead ? undefined : new Linear(embDim, vocabSize, { bias: false });
    this.initialize(random);
  }

  /** The token embeddings. Attention adds the positions by rotating queries and keys. */
  embed(tokens: Tensor): Tensor {
    const table = this.tokenEmbedding;
    // Rows of the table itself go by the name of what the first block reads, and not by that of the layer.
    const vectors = plainTable(table)?.rows(tokens) ?? table.forward(tokens);
    return vectors.named('embeddings'); // [batch, time, embDim]
  }
}

function llamaBlock(config: LlamaConfig, rotary: RotaryEmbedding) {
  const { embDim, nHeads, nKvHeads, headDim, qkvBias, outputBias, qkNorm, normEps, dropRate } = config;
  const { slidingWindow: window, hiddenDim, feedForwardBias: bias } = config;
  const eps = normEps;
  return new TransformerBlock({
    attentionNorm: new RMSNorm(embDim, { eps }),
    attention: new Attention({
      ...{ embDim, nHeads, nKvHeads, headDim, rotary, window },
      ...{ qkvBias, outputBias, qkNorm, normEps, dropRate },
    }),
    feedForwardNorm: new RMSNorm(embDim, { eps }),
    feedForward: new SwiGLU(embDim, hiddenDim, { bias }),
    dropRate,
  });
}
