import { ensure } from '../core/errors.ts';
import type { Random } from '../random/random.ts';
import { arange, dropout, type Tensor, where } from '../tensor/index.ts';
import type { ForwardPass } from './forward-pass.ts';
import { Linear, RMSNorm } from './layers.ts';
import { Module } from './module.ts';
import type { RotaryEmbedding } from './rotary.ts';

export interface AttentionOptions {
  /** The width of what comes in and goes out. */
  embDim: number;
  /** Heads of queries. */
  nHeads: number;
  /** Heads of keys and values; each serves nHeads / nKvHeads heads of queries (Ainslie et al., 2023). Defaults to nHeads. */
  nKvHeads?: number;
  /** How many numbers a head has; nHeads of them need not make up the width. Defaults to embDim / nHeads. */
  headDim?: number;
  /** Whether queries, keys and values have a bias. Defaults to false. */
  qkvBias?: boolean;
  /** Whether the output has a bias. Defaults to true. */
  outputBias?: boolean;
  /** Turns queries and keys by their positions. Defaults to none: attention then knows positions by the mask alone. */
  rotary?: RotaryEmbedding | undefined;
  /** Whether every head of queries and keys is normalised before it is turned (Henry et al., 2020). Defaults to false. */
  qkNorm?: boolean;
  /** The eps of these norms. Defaults to 1e-5. */
  normEps?: number;
  /** The share of attention weights that training sets to zero. Defaults to 0. */
  dropRate?: number;
}

/**
 * Multi-head attention (Vaswani et al., 2017): `[batch, time, embDim]` keeps its shape. Each position takes in what it needs from those
 * that the mask lets it see, by default from itself and all before it.
 */
export class Attention extends Module {
  readonly query: Linear;
  readonly key: Linear;
  readonly value: Linear;
  readonly queryNorm: RMSNorm | undefined;
  readonly keyNorm: RMSNorm | undefined;
  readonly output: Linear;
  readonly nHeads: number;
  readonly nKvHeads: number;
  readonly headDim: number;
  readonly #rotary: RotaryEmbedding | undefined;
  readonly #dropRate: number;

  constructor(options: AttentionOptions) {
    super();
    const { embDim, nHeads, nKvHeads = nHeads, headDim = embDim / nHeads, dropRate = 0, rotary } = options;
    const { qkvBias: bias = false, outputBias = true, qkNorm = false, normEps: eps } = options;
    checkHeads({ embDim, nHeads, nKvHeads, headDim });
    this.query = new Linear(embDim, nHeads * headDim, { bias });
    this.key = new Linear(embDim, nKvHeads * headDim, { bias });
    this.value = new Linear(embDim, nKvHeads * headDim, { bias });
    this.queryNorm = qkNorm ? new RMSNorm(headDim, { eps }) : undefined;
    this.keyNorm = qkNorm ? new RMSNorm(headDim, { eps }) : undefined;
    this.output = new Linear(nHeads * headDim, embDim, { bias: outputBias });
    this.nHeads = nHeads;
    this.nKvHeads = nKvHeads;
    this.headDim = headDim;
    this.#rotary = rotary;
    this.#dropRate = dropRate;
  }

  /** Queries come from `x`, keys and values from `source`: by default from `x` as well, in cross-attention from another text. */
  forward(x: Tensor, pass: ForwardPass = {}, source = x): Tensor {
    const { cache, random, mask } = pass;
    const { nHeads, nKvHeads } = this;
    ensure(
      !cache || mask === undefined,
      'attention with a cache is causal and takes no mask; leave out one of the two',
    );
    const query = this.#place(this.query.forward(x), this.queryNorm, 'rotatedQuery', cache); // [batch, time, nHeads * headDim]
    const key = this.#place(this.key.forward(source), this.keyNorm, 'rotatedKey', cache); // [batch, time, nKvHeads * headDim]
    const value = this.value.forward(source);
    const mixed = cache
      ? cache.attend(query, key, value, { nHeads, nKvHeads })
      : attend(query, key, value, { nHeads, nKvHeads, mask, dropRate: this.#dropRate, random });
    return this.output.forward(mixed);
  }

  /** Normalises the heads of a query or key and turns them by their positions, where attention has these steps. */
  #place(t: Tensor, norm: RMSNorm | undefined, name: string, cache: ForwardPass['cache']): Tensor {
    if (!norm && !this.#rotary) return t;
    const [batch, time] = t.shape as [number, number, number];
    let heads = t.reshape([batch, time, -1, this.headDim]);
    if (norm) heads = norm.forward(heads);
    if (this.#rotary) heads = this.#rotary.rotate(heads, cache?.positions ?? arange(time)).named(name);
    return heads.reshape(t.shape);
  }
}

function checkHeads(numbers: { embDim: number; nHeads: number; nKvHeads: number; headDim: number }): void {
  const { embDim, nHeads, nKvHeads, headDim } = numbers;
  ensure(
    Number.isInteger(headDim),
    `the width must divide evenly among the heads, but embDim ${embDim} is not a multiple of nHeads ${nHeads}; give headDim if heads have another width`,
  );
  ensure(
    nHeads % nKvHeads === 0,
    `heads of keys must be shared evenly, but nHeads ${nHeads} is not a multiple of nKvHeads ${nKvHeads}`,
  );
}

export interface AttendOptions {
  nHeads: number;
  /** Heads of keys and values; each serves nHeads / nKvHeads heads of queries. Defaults to nHeads. */
  nKvHeads?: number;
  /** See {@link ForwardPass.mask}. Defaults to the causal mask; `null` is none. */
  mask?: Tensor | null | undefined;
  /** The share of attention weights that is set to zero if there is `random`. Defaults to 0. */
  dropRate?: number;
  random?: Random | undefined;
}

/**
 * Every token takes in what it needs from those it sees: softmax(Q Kᵀ / √headDim + mask) V in each head. `query`
 * `[batch, time, nHeads * headDim]`, `key` and `value` `[batch, sourceTime, nKvHeads * headDim]` give `[batch, time, nHeads * headDim]`.
 */
export function attend(query: Tensor, key: Tensor, value: Tensor, options: AttendOptions): Tensor {
  const { nHeads, nKvHeads = nHeads, mask = causalMask(query.shape[1]!), dropRate = 0, random } = options;
  const queries = splitHeads(query, nHeads); // [batch, nHeads, time, headDim]
  const keys = repeatHeads(splitHeads(key, nKvHeads), nHeads / nKvHeads);
  const values = repeatHeads(splitHeads(value, nKvHeads), nHeads / nKvHeads);

  // Dividing by √headDim keeps the scores, sums of headDim products, at a deviation near 1.
  const headDim = queries.shape[3]!;
  const scores = queries.matmul(keys.transpose(-2, -1)).div(Math.sqrt(headDim)).named('scores'); // [batch, nHeads, time, time]
  const weights = (mask ? scores.add(mask) : scores).softmax(-1).named('weights');
  const mixed = (random ? dropout(weights, dropRate, random) : weights).matmul(values);
  return mixed.permute(0, 2, 1, 3).reshape(query.shape);
}

/** `[batch, time, heads * headDim]` gives `[batch, heads, time, headDim]`. */
function splitHeads(t: Tensor, heads: number): Tensor {
  const [batch, time, width] = t.shape as [number, number, number];
  return t.reshape([batch, time, heads, width / heads]).permute(0, 2, 1, 3);
}

/** Every head `times` times in a row: `[batch, heads, time, headDim]` gives `[batch, heads * times, time, headDim]`. */
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
