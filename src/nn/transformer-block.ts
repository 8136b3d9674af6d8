import type { Random } from '../random/random.ts';
import { dropout, type Tensor } from '../tensor/index.ts';
import { type AttentionOptions, CausalAttention } from './attention.ts';
import type { ForwardPass } from './forward-pass.ts';
import { FeedForward, LayerNorm } from './layers.ts';
import { Module } from './module.ts';

/**
 * Attention, then the feed-forward network, each normalised beforehand and added to what came in: the shortcut connections
 * give gradients a direct way back. `[batch, time, embDim]` keeps its shape.
 */
export class TransformerBlock extends Module {
  readonly attentionNorm: LayerNorm;
  readonly attention: CausalAttention;
  readonly feedForwardNorm: LayerNorm;
  readonly feedForward: FeedForward;
  readonly #dropRate: number;

  constructor(options: AttentionOptions, random: Random) {
    super();
    this.attentionNorm = new LayerNorm(options.embDim, random);
    this.attention = new CausalAttention(options, random);
    this.feedForwardNorm = new LayerNorm(options.embDim, random);
    this.feedForward = new FeedForward(options.embDim, random, options.outputInit);
    this.#dropRate = options.dropRate;
  }

  forward(x: Tensor, pass: ForwardPass = {}): Tensor {
    const { random } = pass;
    const drop = (t: Tensor) => (random ? dropout(t, this.#dropRate, random) : t);
    const attended = x.add(drop(this.attention.forward(this.attentionNorm.forward(x), pass))).named('attended');
    return attended.add(drop(this.feedForward.forward(this.feedForwardNorm.forward(attended))));
  }
}
