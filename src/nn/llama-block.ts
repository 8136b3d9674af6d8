import type { Random } from '../random/random.ts';
import { dropout, type Tensor } from '../tensor/index.ts';
import type { ForwardPass } from './forward-pass.ts';
import { GroupedQueryAttention, type GroupedQueryAttentionOptions } from './grouped-query-attention.ts';
import { Module } from './module.ts';
import { RMSNorm } from './rms-norm.ts';
import { SwiGLU } from './swiglu.ts';

export interface LlamaBlockOptions extends GroupedQueryAttentionOptions {
  /** How wide the feed-forward network is inside. */
  hiddenDim: number;
  feedForwardBias: boolean;
}

/**
 * The transformer block of Llama (Touvron et al., 2023): attention, then the feed-forward network, each normalised beforehand and
 * added to what came in. `[batch, time, embDim]` keeps its shape.
 */
export class LlamaBlock extends Module {
  readonly attentionNorm: RMSNorm;
  readonly attention: GroupedQueryAttention;
  readonly feedForwardNorm: RMSNorm;
  readonly feedForward: SwiGLU;
  readonly #dropRate: number;

  constructor(options: LlamaBlockOptions, random: Random) {
    super();
    const { embDim, normEps, feedForwardBias, dropRate } = options;
    this.attentionNorm = new RMSNorm(embDim, random, normEps);
    this.attention = new GroupedQueryAttention(options, random);
    this.feedForwardNorm = new RMSNorm(embDim, random, normEps);
    this.feedForward = new SwiGLU({ ...options, bias: feedForwardBias }, random);
    this.#dropRate = dropRate;
  }

  forward(x: Tensor, pass: ForwardPass = {}): Tensor {
    const { random } = pass;
    const drop = (t: Tensor) => (random ? dropout(t, this.#dropRate, random) : t);
    const attended = x.add(drop(this.attention.forward(this.attentionNorm.forward(x), pass))).named('attended');
    return attended.add(drop(this.feedForward.forward(this.feedForwardNorm.forward(attended))));
  }
}
