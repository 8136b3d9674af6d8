import { ensureKind } from '../core/kind.ts';
import { knownOptions, type OptionNames } from '../core/options.ts';
import { dropout, type Tensor } from '../tensor/index.ts';
import type { Attention } from './attention.ts';
import { type ForwardPass, forwardPassNames } from './forward-pass.ts';
import type { Layer, ResidualLayer } from './layers.ts';
import { Module } from './module.ts';

export interface TransformerBlockParts<Norm, FeedForward> {
  attentionNorm: Norm;
  attention: Attention;
  feedForwardNorm: Norm;
  /** The network that reads each position on its own. It names its output layers, see {@link ResidualLayer}. */
  feedForward: FeedForward;
  /** The dropout probability for the outputs of attention and the feed-forward network. Defaults to 0. */
  dropRate?: number;
}

const partNames: OptionNames<TransformerBlockParts<Layer, ResidualLayer>> = {
  ...{ attentionNorm: true, attention: true, feedForwardNorm: true, feedForward: true, dropRate: true },
};

/**
 * A pre-norm transformer block: attention, then a feed-forward network. Each has a normalised input and a shortcut connection, which adds
 * its output to the hidden states and gives gradients a direct path back. Input and output are `[batch, time, embDim]`.
 */
export class TransformerBlock<
  Norm extends Layer = Layer,
  FeedForward extends ResidualLayer = ResidualLayer,
> extends Module {
  readonly attentionNorm: Norm;
  readonly attention: Attention;
  readonly feedForwardNorm: Norm;
  readonly feedForward: FeedForward;
  readonly #dropRate: number;

  constructor(parts: TransformerBlockParts<Norm, FeedForward>) {
    super();
    knownOptions('TransformerBlock', parts, partNames);
    this.attentionNorm = parts.attentionNorm;
    this.attention = parts.attention;
    this.feedForwardNorm = parts.feedForwardNorm;
    this.feedForward = parts.feedForward;
    this.#dropRate = parts.dropRate ?? 0;
  }

  forward(x: Tensor, pass: ForwardPass = {}): Tensor {
    ensureKind('forward', 'a tensor [batch, time, embDim]', x, 'shape');
    const { random } = knownOptions('forward', pass, forwardPassNames);
    const drop = (t: Tensor) => (random ? dropout(t, this.#dropRate, random) : t);
    const attended = x.add(drop(this.attention.forward(this.attentionNorm.forward(x), pass))).named('attended');
    return attended.add(drop(this.feedForward.forward(this.feedForwardNorm.forward(attended))));
  }
}
