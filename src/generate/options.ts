import type { OptionNames } from '../core/options.ts';
import type { Random } from '../random/random.ts';
import type { Draft } from './draft.ts';
import type { KVCache } from './kv-cache.ts';
import type { ScoredToken } from './log-probabilities.ts';
import { type SamplingOptions, samplingOptionNames } from './sampling.ts';

export interface GenerateTokensOptions extends SamplingOptions {
  /** The most tokens to write. Defaults to 200. */
  maxTokens?: number;
  /** The same seed gives the same choices. Defaults to 0. */
  seed?: number;
  /** Writing ends at one of these tokens, which is not yielded. Defaults to none. */
  stopTokens?: readonly number[];
  /** Adds to each token its log-probability and those of this many likeliest tokens. Defaults to neither. */
  logProbabilities?: number;
  /** The number of tokens at the beginning, such as Llama's `<s>`, that stay when the text outgrows the context. Defaults to 0. */
  keepFirst?: number;
  signal?: AbortSignal;
  /** A cache that already holds the first tokens of each prompt, which are not read again. Written tokens are added to it. Defaults to a new one. */
  cache?: KVCache;
  /** Guesses the next tokens, so that one pass can write several. For one text at a time. Defaults to none. */
  draft?: Draft;
}

export const generateTokensOptions: OptionNames<GenerateTokensOptions> = {
  ...samplingOptionNames,
  ...{ maxTokens: true, seed: true, stopTokens: true, logProbabilities: true },
  ...{ keepFirst: true, signal: true, cache: true, draft: true },
};

/** A text that is being written. */
export interface Text {
  readonly ids: number[];
  /** Its last tokens, which the model has not read yet. */
  unread: readonly number[];
  readonly random: Random;
}

/** A written token. */
export interface GeneratedToken {
  id: number;
  /** With the option `logProbabilities`: the natural logarithm of the token's probability, before any sampling option. */
  logProbability?: number;
  /** With the option `logProbabilities`: the likeliest tokens at this position, the likeliest first. */
  likeliest?: ScoredToken[];
}
