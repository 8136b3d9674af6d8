import { count, positive, probability } from '../../src/models/config-fields.ts';
import { type ConfigOf, configTable } from '../../src/models/config-table.ts';
import { DecoderOnlyTransformer, type Family } from '../../src/models/index.ts';
import { Attention, Embedding, FeedForward, RMSNorm, TransformerBlock } from '../../src/nn/index.ts';
import { Random } from '../../src/random/random.ts';
import type { Tensor } from '../../src/tensor/index.ts';

/** A family of models that the library does not know: one block, whose width has another name, and a scale before it. */

const fields = {
  vocabSize: count('how many different tokens there are'),
  contextLength: count('how many tokens the model sees at once', 32),
  width: count('how many numbers stand for a token', 16),
  embedScale: positive('how much larger embeddings are made', 2),
  dropRate: probability('probability of dropout', 0),
};
type ScaledConfig = ConfigOf<typeof fields>;

class Scaled extends DecoderOnlyTransformer<ScaledConfig> {
  readonly family = 'scaled';
  readonly tokenEmbedding: Embedding;
  readonly blocks: TransformerBlock[];
  readonly finalNorm: RMSNorm;
  readonly head = undefined;

  constructor(config: ScaledConfig, random = new Random(0)) {
    super(config);
    this.tokenEmbedding = new Embedding(config.vocabSize, config.width);
    const [attentionNorm, feedForwardNorm] = [new RMSNorm(config.width), new RMSNorm(config.width)];
    const attention = new Attention({ embDim: config.width, nHeads: 2 });
    const feedForward = new FeedForward(config.width);
    this.blocks = [new TransformerBlock({ attentionNorm, attention, feedForwardNorm, feedForward })];
    this.finalNorm = new RMSNorm(config.width);
    this.initialize(random);
  }

  embed(tokens: Tensor): Tensor {
    return this.tokenEmbedding.forward(tokens).mul(this.config.embedScale);
  }
}

export const scaledFamily: Family<ScaledConfig> = {
  name: 'scaled',
  config: configTable('Scaled', fields),
  create: (config, random) => new Scaled(config, random),
};
