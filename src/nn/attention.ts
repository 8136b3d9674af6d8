import { ensure } from '../errors.ts';
import type { Random } from '../random/random.ts';
import { arange, dropout, type Tensor, where } from '../tensor/index.ts';
import { Linear } from './layers.ts';
import { Module } from './module.ts';
import type { Initializer } from './parameter.ts';

export interface AttentionOptions {
  embDim: number;
  nHeads: number;
  dropRate: number;
  qkvBias: boolean;
  /** Fills the weight that writes to the shortcut connection. */
  outputInit: Initializer;
}

/**
 * Multi-head attention (Vaswani et al., 2017) in which a position sees only itself and those before it.
 * `[batch, time, embDim]` keeps its shape.
 */
export class CausalAttention extends Module {
  readonly query: Linear;
  readonly key: Linear;
  readonly value: Linear;
  readonly output: Linear;
  readonly #nHeads: number;
  readonly #dropRate: number;

  constructor({ embDim, nHeads, dropRate, qkvBias, outputInit }: AttentionOptions, random: Random) {
    super();
    ensure(
      embDim % nHeads === 0,
      `the width must divide evenly among the heads, but embDim ${embDim} is not a multiple of nHeads ${nHeads}`,
    );
    this.query = new Linear(embDim, embDim, random, { bias: qkvBias });
    this.key = new Linear(embDim, embDim, random, { bias: qkvBias });
    this.value = new Linear(embDim, embDim, random, { bias: qkvBias });
    this.output = new Linear(embDim, embDim, random, { init: outputInit });
    this.#nHeads = nHeads;
    this.#dropRate = dropRate;
  }

  forward(x: Tensor, random?: Random): Tensor {
    const [batch, time, embDim] = x.shape as [number, number, number];
    const headDim = embDim / this.#nHeads;
    const splitHeads = (t: Tensor) => t.reshape([batch, time, this.#nHeads, headDim]).permute(0, 2, 1, 3);

    const queries = splitHeads(this.query.forward(x)); // [batch, nHeads, time, headDim]
    const keys = splitHeads(this.key.forward(x));
    const values = splitHeads(this.value.forward(x));

    // Dividing by √headDim keeps the scores, sums of headDim products, at a deviation near 1.
    const scores = queries.matmul(keys.transpose(-2, -1)).div(Math.sqrt(headDim)).named('scores'); // [batch, nHeads, time, time]
    const weights = scores.add(causalMask(time)).softmax(-1).named('weights');
    const attended = (random ? dropout(weights, this.#dropRate, random) : weights).matmul(values);

    return this.output.forward(attended.permute(0, 2, 1, 3).reshape([batch, time, embDim]));
  }
}

/** To be added to scores: 0 where a position (row) may look, -∞ where a column lies in its future. `[time, time]` */
export function causalMask(time: number): Tensor {
  const position = arange(time);
  return where(position.le(position.reshape([time, 1])), 0, Number.NEGATIVE_INFINITY);
}
