import { ensure } from '../core/errors.ts';
import type { Random } from '../random/random.ts';
import { arange, dropout, type Tensor, where } from '../tensor/index.ts';
import type { ForwardPass } from './forward-pass.ts';
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

  forward(x: Tensor, pass: ForwardPass = {}): Tensor {
    const query = this.query.forward(x); // [batch, time, embDim]
    const key = this.key.forward(x);
    const value = this.value.forward(x);
    const heads = { nHeads: this.#nHeads, nKvHeads: this.#nHeads };
    const mixed = pass.cache
      ? pass.cache.attend(query, key, value, heads)
      : attend(query, key, value, { ...heads, dropRate: this.#dropRate, random: pass.random });
    return this.output.forward(mixed);
  }
}

export interface AttendOptions {
  nHeads: number;
  /** Heads of keys and values; each serves nHeads / nKvHeads heads of queries (Ainslie et al., 2023). */
  nKvHeads: number;
  dropRate?: number;
  /** With it, a share `dropRate` of the attention weights is set to zero. */
  random?: Random;
}

/**
 * Every token looks at itself and those before it: softmax(Q Kᵀ / √headDim) V in each head. `query` `[batch, time, nHeads *
 * headDim]`, `key` and `value` `[batch, time, nKvHeads * headDim]` give `[batch, time, nHeads * headDim]`.
 */
export function attend(query: Tensor, key: Tensor, value: Tensor, options: AttendOptions): Tensor {
  const { nHeads, nKvHeads, dropRate = 0, random } = options;
  const [batch, time, width] = query.shape as [number, number, number];
  const headDim = width / nHeads;
  const splitHeads = (t: Tensor, count: number) => t.reshape([batch, time, count, headDim]).permute(0, 2, 1, 3);

  const queries = splitHeads(query, nHeads); // [batch, nHeads, time, headDim]
  const keys = repeatHeads(splitHeads(key, nKvHeads), nHeads / nKvHeads);
  const values = repeatHeads(splitHeads(value, nKvHeads), nHeads / nKvHeads);

  // Dividing by √headDim keeps the scores, sums of headDim products, at a deviation near 1.
  const scores = queries.matmul(keys.transpose(-2, -1)).div(Math.sqrt(headDim)).named('scores'); // [batch, nHeads, time, time]
  const weights = scores.add(causalMask(time)).softmax(-1).named('weights');
  const mixed = (random ? dropout(weights, dropRate, random) : weights).matmul(values);
  return mixed.permute(0, 2, 1, 3).reshape([batch, time, width]);
}

/** Every head so many times in a row: `[batch, heads, time, headDim]` gives `[batch, heads * times, time, headDim]`. */
function repeatHeads(t: Tensor, times: number): Tensor {
  if (times === 1) return t;
  const [batch, heads, time, headDim] = t.shape as [number, number, number, number];
  const repeated = t.unsqueeze(2).expand([batch, heads, times, time, headDim]);
  return repeated.reshape([batch, heads * times, time, headDim]);
}

/** To be added to scores: 0 where a position (row) may look, -∞ where a column lies in its future. `[time, time]` */
export function causalMask(time: number): Tensor {
  const position = arange(time);
  return where(position.le(position.reshape([time, 1])), 0, Number.NEGATIVE_INFINITY);
}
