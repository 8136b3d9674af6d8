import { DecoderOnlyTransformer } from '../../../src/models/index.ts';
import {
  Attention,
  Embedding,
  FeedForward,
  RMSNorm,
  RotaryEmbedding,
  TransformerBlock,
} from '../../../src/nn/index.ts';
import { Random } from '../../../src/random/random.ts';
import { relu, type Tensor } from '../../../src/tensor/index.ts';
import { type ToyConfig, type ToyOptions, toyConfig } from './config.ts';

/** A decoder that nobody publishes: rotary positions and RMSNorm as in Llama, biases as in GPT-2, ReLU as in neither. */
export class Toy extends DecoderOnlyTransformer<ToyConfig> {
  readonly family = 'toy-relu';
  readonly tokenEmbedding: Embedding;
  readonly blocks: readonly TransformerBlock[];
  readonly finalNorm: RMSNorm;
  readonly head = undefined;

  constructor(options: ToyOptions, random = new Random(0)) {
    super(toyConfig.complete(options));
    const { vocabSize, embDim, nHeads, nLayers } = this.config;
    const rotary = new RotaryEmbedding({ headDim: embDim / nHeads, theta: 1000 });
    this.tokenEmbedding = new Embedding(vocabSize, embDim);
    this.blocks = Array.from({ length: nLayers }, () => toyBlock(this.config, rotary));
    this.finalNorm = new RMSNorm(embDim);
    this.initialize(random);
  }

  embed(tokens: Tensor): Tensor {
    return this.tokenEmbedding.forward(tokens); // [batch, time, embDim]
  }
}

function toyBlock({ embDim, nHeads, hiddenDim, dropRate }: ToyConfig, rotary: RotaryEmbedding): TransformerBlock {
  return new TransformerBlock({
    attentionNorm: new RMSNorm(embDim),
    attention: new Attention({ embDim, nHeads, qkvBias: true, rotary, dropRate }),
    feedForwardNorm: new RMSNorm(embDim),
    feedForward: new FeedForward(embDim, { hiddenDim, activation: relu }),
    dropRate,
  });
}
