import { knownOptions, type OptionNames } from '../core/options.ts';
import type { Random } from '../random/random.ts';
import { arange, type Tensor } from '../tensor/index.ts';

/**
 * The options of a forward pass. Without them, the pass reads texts from their beginning, without dropout.
 */
export interface ForwardPass {
  /** The random numbers for dropout. Dropout is on only in a pass that has them, a training pass. */
  random?: Random;
  /** The keys and values of earlier tokens. With a cache, the pass continues texts. */
  cache?: AttentionCache;
  /**
   * The attention mask, which is added to the scores: 0 where a position may attend to another, -∞ where not. It broadcasts to
   * `[batch, nHeads, time, time]`. With `null`, every position attends to all others. Defaults to the causal mask: a position attends to
   * itself and all earlier ones, or those in its layer's window; in cross-attention to `null`. A pass with a cache is causal and takes no mask.
   */
  mask?: Tensor | null;
  /**
   * Where in its row the document begins that a position belongs to, int32 `[batch, time]`, for rows that hold several documents. A position then
   * attends only to its own document and counts its place from there. Such a pass takes no other mask and no cache. Defaults to one document a row.
   */
  documentStarts?: Tensor | undefined;
}

export const forwardPassNames: OptionNames<ForwardPass> = {
  random: true,
  cache: true,
  mask: true,
  documentStarts: true,
};

/** The place of every token in its document, int32 `[batch, time]` or `[time]`; undefined if all rows are read from their beginning. */
export function positionsOf(pass: ForwardPass, time: number): Tensor | undefined {
  const { cache, documentStarts } = knownOptions('positionsOf', pass, forwardPassNames);
  return cache?.positions ?? (documentStarts && arange(time).sub(documentStarts));
}

/** The heads of attention and how far they see. */
export interface AttentionHeads {
  nHeads: number;
  nKvHeads: number;
  /** The number of tokens that a token attends to: itself and those just before it. Defaults to all. */
  window?: number | undefined;
}

/** The keys and values of earlier tokens, for each block, and the positions of the new tokens. */
export interface AttentionCache {
  /** The position of each new token in its text, int32 `[batch, time]`. */
  readonly positions: Tensor;
  /**
   * Lets the new tokens attend to themselves and to all earlier tokens, or to those in the `window`. Stores their keys and values. The blocks
   * must call it in their order, because the cache counts the calls to find the block.
   *
   * `query` is `[batch, time, nHeads * headDim]`; `key` and `value` are `[batch, time, nKvHeads * headDim]`. The result is
   * `[batch, time, nHeads * headDim]`.
   */
  attend(query: Tensor, key: Tensor, value: Tensor, heads: AttentionHeads): Tensor;
}
