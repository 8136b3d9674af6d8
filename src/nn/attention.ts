import { ensure } from '../core/errors.ts';
import { ensureCount, ensureKind } from '../core/kind.ts';
import { knownOptions, type OptionNames } from '../core/options.ts';
import type { Random } from '../random/random.ts';
import { ensureWindow, isVisible } from '../tensor/composites/causal.ts';
import { ensureDropRate } from '../tensor/composites/dropout.ts';
import { arange, blockwiseAttention, dropout, type Tensor, where } from '../tensor/index.ts';
import { type ForwardPass, forwardPassNames, positionsOf } from './forward-pass.ts';
import { Linear, RMSNorm } from './layers.ts';
import { Module } from './module.ts';
import { isObserving } from './observe.ts';
import type { RotaryEmbedding } from './rotary.ts';

export interface AttentionOptions {
  /** The embedding dimension: the size of the input and output at each position. */
  embDim: number;
  /** The number of query heads. */
  nHeads: number;
  /** The number of key and value heads; nHeads / nKvHeads query heads share each (Ainslie et al., 2023). Defaults to nHeads. */
  nKvHeads?: number;
  /** The dimension of a head. nHeads * headDim may differ from embDim. Defaults to embDim / nHeads. */
  headDim?: number;
  /** Whether queries, keys and values have a bias. Defaults to false. */
  qkvBias?: boolean;
  /** Whether the output has a bias. Defaults to true. */
  outputBias?: boolean;
  /** Rotates queries and keys by angles that depend on their positions. Defaults to none: only the mask then depends on positions. */
  rotary?: RotaryEmbedding | undefined;
  /** Whether every query and key head is normalised before the rotation (Henry et al., 2020). Defaults to false. */
  qkNorm?: boolean;
  /** The eps of these normalisations. Defaults to 1e-5. */
  normEps?: number;
  /**
   * Sliding-window attention (Beltagy et al., 2020): the number of positions that a position attends to, itself and those just before it. Defaults to
   * all.
   */
  window?: number | undefined;
  /** The probability that training sets an attention weight to zero. Defaults to 0. */
  dropRate?: number;
}

const attentionOptions: OptionNames<AttentionOptions> = {
  ...{ embDim: true, nHeads: true, nKvHeads: true, headDim: true, qkvBias: true, outputBias: true, window: true },
  ...{ rotary: true, qkNorm: true, normEps: true, dropRate: true },
};

/**
 * Multi-head attention (Vaswani et al., 2017). Each position gathers information from the positions that the mask allows: by default, itself
 * and all earlier ones. Input and output are `[batch, time, embDim]`.
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
  readonly #window: number | undefined;
  readonly #dropRate: number;

  constructor(options: AttentionOptions) {
    super();
    const known = knownOptions('Attention', options, attentionOptions);
    const { embDim, nHeads, nKvHeads = nHeads, headDim = embDim / nHeads, dropRate = 0, rotary, window } = known;
    const { qkvBias: bias = false, outputBias = true, qkNorm = false, normEps: eps } = known;
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
    ensureWindow(window);
    this.#rotary = rotary;
    this.#window = window;
    this.#dropRate = dropRate;
  }

  get outputLayers(): readonly Linear[] {
    return [this.output];
  }

  /**
   * Queries come from `x` `[batch, time, embDim]`, keys and values from `source` `[batch, sourceTime, embDim]`. `source` defaults to `x`, which
   * is self-attention. In cross-attention it is another sequence; then every position attends to all of it, unless `pass.mask` is given.
   */
  forward(x: Tensor, pass: ForwardPass = {}, source = x): Tensor {
    const known = knownOptions('forward', pass, forwardPassNames);
    const { cache, random, documentStarts, mask = source === x ? undefined : null } = known;
    const { nHeads, nKvHeads } = this;
    const window = this.#window;
    ensure(
      !cache || source === x,
      'attention with a cache continues its own text and takes no other source; omit one of them',
    );
    ensure(!cache || pass.mask === undefined, 'attention with a cache is causal and takes no mask; omit one of them');
    ensure(
      !documentStarts || (source === x && !cache && pass.mask === undefined),
      'documentStarts keep the documents of causal attention apart, so the pass takes no mask, no cache and no other source; omit one of them',
    );
    const query = this.#normalizeAndRotate(this.query.forward(x), this.queryNorm, 'rotatedQuery', known); // [batch, time, nHeads * headDim]
    const key = this.#normalizeAndRotate(this.key.forward(source), this.keyNorm, 'rotatedKey', known); // [batch, sourceTime, nKvHeads * headDim]
    const value = this.value.forward(source); // [batch, sourceTime, nKvHeads * headDim]
    const mixed = cache
      ? cache.attend(query, key, value, { nHeads, nKvHeads, window })
      : attend(query, key, value, { nHeads, nKvHeads, mask, window, documentStarts, dropRate: this.#dropRate, random });
    return this.output.forward(mixed);
  }

  /** Normalises the heads of a query or key and rotates them by their positions, if these options are on. The shape stays the same. */
  #normalizeAndRotate(t: Tensor, norm: RMSNorm | undefined, name: string, pass: ForwardPass): Tensor {
    if (!norm && !this.#rotary) return t;
    const [batch, time] = t.shape as [number, number, number];
    let heads = t.reshape([batch, time, -1, this.headDim]);
    if (norm) heads = norm.forward(heads);
    if (this.#rotary) heads = this.#rotary.rotate(heads, positionsOf(pass, time) ?? arange(time)).named(name);
    return heads.reshape(t.shape);
  }
}

function checkHeads(numbers: { embDim: number; nHeads: number; nKvHeads: number; headDim: number }): void {
  const { embDim, nHeads, nKvHeads, headDim } = numbers;
  ensureCount('nHeads', nHeads);
  ensureCount('nKvHeads', nKvHeads);
  ensure(
    Number.isInteger(headDim),
    `embDim must divide evenly among the heads, but embDim ${embDim} is not a multiple of nHeads ${nHeads}; choose another nHeads or give headDim`,
  );
  ensure(
    nHeads % nKvHeads === 0,
    `every key and value head must serve the same number of query heads, but nHeads ${nHeads} is not a multiple of nKvHeads ${nKvHeads}`,
  );
}

export interface AttendOptions {
  nHeads: number;
  /** The number of key and value heads; nHeads / nKvHeads query heads share each. Defaults to nHeads. */
  nKvHeads?: number;
  /** See {@link ForwardPass.mask}. Defaults to the causal mask; `null` means no mask. */
  mask?: Tensor | null | undefined;
  /** The window of the causal mask, see {@link causalMask}. Defaults to none. */
  window?: number | undefined;
  /** See {@link ForwardPass.documentStarts}. Defaults to one document. */
  documentStarts?: Tensor | undefined;
  /** The dropout probability of attention weights, used only with `random`. Defaults to 0. */
  dropRate?: number;
  random?: Random | undefined;
}

const attendOptions: OptionNames<AttendOptions> = {
  ...{ nHeads: true, nKvHeads: true, window: true, mask: true, documentStarts: true, dropRate: true, random: true },
};

/** The weights of more positions than this are computed again for the backward pass: their number grows with the square. */
const longestKept = 512;
/** The queries of a block. Small blocks leave out more of what the mask hides; large ones make fewer and larger products. */
const blockOf = { keptWeights: 128, recomputedWeights: 256 };
/** With more blocks than this, blocks become longer: every block adds to the graph, and a graph of thousands would fill the memory by itself. */
const mostBlocks = 64;

/**
 * Scaled dot-product attention: softmax(Q Kᵀ / √headDim + mask) V in each head.
 *
 * `query` is `[batch, time, nHeads * headDim]`; `key` and `value` are `[batch, sourceTime, nKvHeads * headDim]`. The result is
 * `[batch, time, nHeads * headDim]`.
 */
export function attend(query: Tensor, key: Tensor, value: Tensor, options: AttendOptions): Tensor {
  ensureKind('attend', 'queries, a tensor', query, 'shape');
  ensureKind('attend', 'keys, a tensor', key, 'shape');
  ensureKind('attend', 'values, a tensor', value, 'shape');
  const known = knownOptions('attend', options, attendOptions);
  const { nHeads, nKvHeads = nHeads, window, documentStarts, dropRate = 0, random } = known;
  ensureCount('nHeads', nHeads);
  checkHeads({ embDim: query.shape.at(-1)!, nHeads, nKvHeads, headDim: query.shape.at(-1)! / nHeads });
  ensureWindow(window);
  ensureDropRate(dropRate);
  const queries = splitHeads(query, nHeads); // [batch, nHeads, time, headDim]
  const keys = repeatHeads(splitHeads(key, nKvHeads), nHeads / nKvHeads);
  const values = repeatHeads(splitHeads(value, nKvHeads), nHeads / nKvHeads);

  const time = query.shape[1]!;
  // Whoever observes wants the scores and weights as a whole.
  if (known.mask === undefined && !isObserving()) {
    const recomputeWeights = time > longestKept;
    const usual = recomputeWeights ? blockOf.recomputedWeights : blockOf.keptWeights;
    const blockSize = Math.max(usual, Math.ceil(time / mostBlocks));
    const options = { blockSize, window, documentStarts, dropRate, random, recomputeWeights };
    const mixed = blockwiseAttention(queries, keys, values, options);
    return mixed.permute(0, 2, 1, 3).reshape(query.shape);
  }
  const { mask = causalMask(time, window, documentStarts) } = known;

  // A score is a sum of headDim products. Dividing by √headDim keeps its standard deviation near 1.
  const headDim = queries.shape[3]!;
  const scores = queries.matmul(keys.transpose(-2, -1)).div(Math.sqrt(headDim)).named('scores'); // [batch, nHeads, time, sourceTime]
  const weights = (mask ? scores.add(mask) : scores).softmax(-1).named('weights');
  const mixed = (random ? dropout(weights, dropRate, random) : weights).matmul(values);
  return mixed.permute(0, 2, 1, 3).reshape(query.shape);
}

/** `[batch, time, heads * headDim]` → `[batch, heads, time, headDim]`. */
function splitHeads(t: Tensor, heads: number): Tensor {
  const [batch, time, width] = t.shape as [number, number, number];
  return t.reshape([batch, time, heads, width / heads]).permute(0, 2, 1, 3);
}

/** Repeats every head `times` times in a row: `[batch, heads, time, headDim]` → `[batch, heads * times, time, headDim]`. */
function repeatHeads(t: Tensor, times: number): Tensor {
  if (times === 1) return t;
  const [batch, heads, time, headDim] = t.shape as [number, number, number, number];
  const repeated = t.unsqueeze(2).expand([batch, heads, times, time, headDim]);
  return repeated.reshape([batch, heads * times, time, headDim]);
}

/**
 * The mask `[time, time]` to add to the scores: -∞ where the column's position is later than the row's, otherwise 0. With `window`, a row sees only
 * that many positions: its own and those just before it. With `documentStarts`, int32 `[batch, time]`, a row sees nothing before the start of its document;
 * the mask is then `[batch, 1, time, time]`.
 */
export function causalMask(time: number, window?: number, documentStarts?: Tensor): Tensor {
  ensureCount('the time of a mask', time, 0);
  ensureWindow(window);
  if (documentStarts !== undefined) ensureKind('causalMask', 'documentStarts, a tensor', documentStarts, 'reshape');
  const column = arange(time);
  const row = column.reshape([time, 1]);
  const narrow = window !== undefined && window < time ? window : undefined;
  const starts = documentStarts?.reshape([-1, 1, time, 1]);
  return where(isVisible(row, column, { window: narrow, starts }), 0, Number.NEGATIVE_INFINITY);
}
