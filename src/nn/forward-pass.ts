import type { Random } from '../random/random.ts';
import type { Tensor } from '../tensor/index.ts';

/** What a pass through a model may come with. Without any of it, it is a plain pass over whole texts from their beginning. */
export interface ForwardPass {
  /** A source of random numbers switches dropout on: this is a training pass. */
  random?: Random;
  /** What was computed for the tokens before: this pass continues texts. */
  cache?: AttentionCache;
}

/** The keys and values of earlier tokens, layer by layer, and where the new tokens stand. */
export interface AttentionCache {
  /** int32 `[batch, time]`: the place of each new token in its text. */
  readonly positions: Tensor;
  /**
   * What the new tokens take in from themselves and all before them; the cache of the next layer, in the order of the calls, gets
   * their keys and values. `query` `[batch, time, nHeads * headDim]`, `key` and `value` `[batch, time, nKvHeads * headDim]` give
   * `[batch, time, nHeads * headDim]`.
   */
  attend(query: Tensor, key: Tensor, value: Tensor, heads: { nHeads: number; nKvHeads: number }): Tensor;
}
