import type { TextToken } from './token-stream.ts';

/** One pass over a part of a text. */
export interface SlidingWindow {
  /** What the model reads: at most so many tokens as it can see. */
  readonly inputs: readonly number[];
  /** What it is asked for: the last one follows the last input, the one before it the input before, and so on. */
  readonly targets: readonly TextToken[];
}

export interface SlidingWindowOptions {
  /** How many tokens the model reads in one window. */
  contextLength: number;
  /** By how many tokens a window begins after the one before. */
  stride: number;
  /** How many tokens at the beginning are only read; at least the first one, which nothing comes before. */
  unscored?: number;
}

/**
 * The windows in which every token of a text but the first `unscored` is a target exactly once. Each begins `stride` tokens after the
 * one before and asks only for the tokens that one has not reached, its last `stride` ones; so each of them has at least
 * `contextLength - stride + 1` tokens before it that the model sees. The first window asks for all of its tokens.
 *
 * This is the sliding window of Hugging Face's "Perplexity of fixed-length models" with a `max_length` of `contextLength + 1`: it
 * counts the last target to the window, which the model never reads.
 */
export async function* slidingWindows(
  pieces: AsyncIterable<readonly TextToken[]>,
  { contextLength, stride, unscored = 1 }: SlidingWindowOptions,
): AsyncGenerator<SlidingWindow> {
  let tokens: readonly TextToken[] = []; // from the next window's beginning on
  let scored = unscored; // how many of them have been targets, or never are
  for await (const piece of pieces) {
    tokens = tokens.concat(piece);
    let begin = 0;
    for (; tokens.length - begin > contextLength; begin += stride) {
      yield windowOf(tokens.slice(begin, begin + contextLength + 1), scored);
      scored = contextLength + 1 - stride;
    }
    tokens = tokens.slice(begin);
  }
  if (tokens.length > scored) yield windowOf(tokens, scored);
}

function windowOf(tokens: readonly TextToken[], scored: number): SlidingWindow {
  return { inputs: tokens.slice(0, -1).map(({ id }) => id), targets: tokens.slice(scored) };
}
