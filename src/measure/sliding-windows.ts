import { ensureCount, ensureIds, ensureKind } from '../core/kind.ts';
import { knownOptions, type OptionNames } from '../core/options.ts';
import type { TextToken } from './token-stream.ts';

/** One pass over a part of a text. */
export interface SlidingWindow {
  /** The tokens that the model reads, at most its context length. */
  readonly inputs: readonly number[];
  /** The tokens to predict, aligned at the end: the last target follows the last input, and so on backwards. */
  readonly targets: readonly TextToken[];
}

export interface SlidingWindowOptions {
  /** The number of tokens that the model reads in one window. */
  contextLength: number;
  /** The number of tokens from the beginning of one window to the beginning of the next. */
  stride: number;
  /** The number of tokens at the beginning of the text that are read but not predicted. Defaults to 1: nothing comes before the first. */
  unscored?: number;
  /** Tokens that the model reads at the beginning of every window, as a part of its context length. Defaults to none. */
  prefix?: readonly number[];
}

const slidingWindowOptions: OptionNames<SlidingWindowOptions> = {
  ...{ contextLength: true, stride: true, unscored: true, prefix: true },
};

/**
 * Windows in which every token of a text, except the first `unscored`, is a target exactly once. Each window begins `stride` tokens after
 * the one before. Its targets are its last `stride` tokens, which the one before did not reach, so the model sees at least
 * `contextLength - stride + 1` tokens before each target. In the first window all tokens are targets.
 *
 * This is the sliding window of Hugging Face's "Perplexity of fixed-length models" with a `max_length` of `contextLength + 1`: there, the
 * window includes the last target, which the model never reads.
 */
export async function* slidingWindows(
  pieces: AsyncIterable<readonly TextToken[]>,
  options: SlidingWindowOptions,
): AsyncGenerator<SlidingWindow> {
  const known = knownOptions('slidingWindows', options, slidingWindowOptions);
  const { contextLength, stride, unscored = 1, prefix = [] } = known;
  ensureKind('slidingWindows', 'the tokens in pieces, as from tokenStream', pieces, Symbol.asyncIterator);
  ensureCount('contextLength', contextLength);
  ensureCount('stride', stride);
  ensureCount('unscored', unscored, 0);
  ensureIds('slidingWindows', 'the prefix', prefix);
  const length = contextLength - prefix.length;
  let tokens: readonly TextToken[] = []; // from the beginning of the next window on
  let scored = unscored; // how many of these tokens were targets or will never be
  for await (const piece of pieces) {
    tokens = tokens.concat(piece);
    let begin = 0;
    for (; tokens.length - begin > length; begin += stride) {
      yield windowOf(prefix, tokens.slice(begin, begin + length + 1), scored);
      scored = length + 1 - stride;
    }
    tokens = tokens.slice(begin);
  }
  if (tokens.length > scored) yield windowOf(prefix, tokens, scored);
}

function windowOf(prefix: readonly number[], tokens: readonly TextToken[], scored: number): SlidingWindow {
  return { inputs: [...prefix, ...tokens.slice(0, -1).map(({ id }) => id)], targets: tokens.slice(scored) };
}
