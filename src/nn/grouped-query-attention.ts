import { ensure } from '../core/errors.ts';
import type { Random } from '../random/random.ts';
import { arange, type Tensor } from '../tensor/index.ts';
import { attend } from './attention.ts';
import type { ForwardPass } from './forward-pass.ts';
import { Linear } from './layers.ts';
import { Module } from './module.ts';
import type { Initializer } from './parameter.ts';
import { RMSNorm } from './rms-norm.ts';
import type { RotaryEmbedding } from './rotary.ts';

export interface GroupedQueryAttentionOptions {
  embDim: number;
  nHeads: number;
  /** Heads of keys and values; each serves nHeads / nKvHeads heads of queries. */
  nKvHeads: number;
  /** How many numbers a head has; nHeads of them need not make up the width. */
  headDim: number;
  dropRate: number;
  /** Whether queries, keys and values have a bias. */
  qkvBias: boolean;
  outputBias: boolean;
  /** Whether every head of queries and keys is normalised before it is turned (Henry et al., 2020). */
  qkNorm: boolean;
  normEps: number;
  rotary: RotaryEmbedding;
  /** Fills the weight that writes to the shortcut connection. */
  outputInit: Initializer;
}

/**
 * Causal attention in which several heads of queries share one of keys and values (Ainslie et al., 2023), so that less has to be
 * kept of every token, and which learns of positions by turning queries and keys. `[batch, time, embDim]` keeps its shape.
 */
export class GroupedQueryAttention extends Module {
  readonly query: Linear;
  readonly key: Linear;
  readonly value: Linear;
  readonly queryNorm: RMSNorm | undefined;
  readonly keyNorm: RMSNorm | undefined;
  readonly output: Linear;
  readonly #options: GroupedQueryAttentionOptions;

  constructor(options: GroupedQueryAttentionOptions, random: Random) {
    super();
    const { embDim, nHeads, nKvHeads, headDim, qkvBias: bias, outputBias, qkNorm, normEps, outputInit } = options;
    ensure(
      nHeads % nKvHeads === 0,
      `heads of keys must be shared evenly, but nHeads ${nHeads} is not a multiple of nKvHeads ${nKvHeads}`,
    );
    this.query = new Linear(embDim, nHeads * headDim, random, { bias });
    this.key = new Linear(embDim, nKvHeads * headDim, random, { bias });
    this.value = new Linear(embDim, nKvHeads * headDim, random, { bias });
    this.queryNorm = qkNorm ? new RMSNorm(headDim, random, normEps) : undefined;
    this.keyNorm = qkNorm ? new RMSNorm(headDim, random, normEps) : undefined;
    this.output = new Linear(nHeads * headDim, embDim, random, { bias: outputBias, init: outputInit });
    this.#options = options;
  }

  forward(x: Tensor, pass: ForwardPass = {}): Tensor {
    const { nHeads, nKvHeads, headDim, dropRate, rotary } = this.#options;
    const [batch, time] = x.shape as [number, number, number];
    const positions = pass.cache?.positions ?? arange(time);
    const placed = (t: Tensor, norm: RMSNorm | undefined, name: string) => {
      const heads = t.reshape([batch, time, -1, headDim]);
      const rotated = rotary.rotate(norm ? norm.forward(heads) : heads, positions).named(name);
      return rotated.reshape(t.shape);
    };
    const query = placed(this.query.forward(x), this.queryNorm, 'rotatedQuery'); // [batch, time, nHeads * headDim]
    const key = placed(this.key.forward(x), this.keyNorm, 'rotatedKey'); // [batch, time, nKvHeads * headDim]
    const value = this.value.forward(x);
    const heads = { nHeads, nKvHeads };
    const mixed = pass.cache
      ? pass.cache.attend(query, key, value, heads)
      : attend(query, key, value, { ...heads, dropRate, random: pass.random });
    return this.output.forward(mixed);
  }
}
