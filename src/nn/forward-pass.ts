import type { Random } from '../random/random.ts';
import type { Tensor } from '../tensor/index.ts';

/**
 * What goes through a model beside its input. All are optional. Without them the pass reads texts from their beginning, without dropout.
 */
export interface ForwardPass {
  /** A source of random numbers switches dropout on: this is a training pass. */
  random?: Random;
  /** The keys and values of earlier tokens: this pass continues texts. */
  cache?: AttentionCache;
  /**
   * Who may look at whom: is added to the scores of attention, 0 where a position may look and -∞ where not. Broadcasts to
   * `[batch, nHeads, time, time]`. `null` lets every position look at all. Defaults to the causal mask: a position sees itself and those
   * before it. A pass with a cache is causal and takes no mask.
   */
  mask?: Tensor | null;
}

/** The keys and values of earlier tokens, layer by layer, and where the new tokens stand. */
export interface AttentionCache {
  /** int32 `[batch, time]`: the place of each new token in its text. */
  readonly positions: Tensor;
  /**
   * What the new tokens take in from themselves and all before them. The cache keeps their keys and values for the layer whose turn it is:
   * layers call in their order. `query` `[batch, time, nHeads * headDim]`, `key` and `value` `[batch, time, nKvHeads * headDim]` give
   * `[batch, time, nHeads * headDim]`.
   */
  attend(query: Tensor, key: Tensor, value: Tensor, heads: { nHeads: number; nKvHeads: number }): Tensor;
}
