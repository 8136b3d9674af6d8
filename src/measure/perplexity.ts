import { ensure } from '../core/errors.ts';
import { Decoder } from '../generate/index.ts';
import type { LanguageModel } from '../models/index.ts';
import type { TextSource } from '../text/text-source.ts';
import type { Tokenizer } from '../tokenizer/tokenizer.ts';
import { checkLimit } from './limit.ts';
import { slidingWindows } from './sliding-windows.ts';
import { type Estimate, perplexityInterval, RunningMean } from './statistics.ts';
import { type TextToken, tokenStream } from './token-stream.ts';

export interface PerplexityOptions {
  /** How many tokens the model reads in one window; by default as many as it can see. */
  contextLength?: number;
  /**
   * By how many tokens a window begins after the one before, from 1 to the context length. Fewer give every token more context and take
   * longer: each token is read `contextLength / stride` times. By default half the context length; windows as far apart as they are
   * long are the fastest.
   */
  stride?: number;
  /** Measures only so many tokens, as if the text ended after them. */
  limit?: number;
  /** Ends the measuring after a window; what was measured before stands. */
  signal?: AbortSignal;
}

/** How well a model predicts a text. */
export interface PerplexityResult {
  /** How many tokens were predicted. */
  readonly tokens: number;
  /** The mean negative log-likelihood of a token, in nats. */
  readonly loss: Estimate;
  /** exp(loss): among how many tokens a model would have to guess to be as uncertain. */
  readonly perplexity: number;
  /** The 95% interval of the perplexity, exp(loss ± 1.96 standard errors), as if tokens were independent of each other. */
  readonly interval: readonly [low: number, high: number];
  /** The loss of the whole text in bits, divided by its bytes in UTF-8: comparable between tokenizers. */
  readonly bitsPerByte: number;
  /** The same, divided by its characters (code points). */
  readonly bitsPerCharacter: number;
  /** The size of the tokens that were predicted. */
  readonly bytes: number;
  readonly characters: number;
  /** How it was measured; see {@link PerplexityOptions}. */
  readonly contextLength: number;
  readonly stride: number;
}

/**
 * Measures the perplexity of a text: exp of the mean negative log-likelihood of its tokens, each given those before it in its window;
 * see {@link slidingWindows}. Every token is predicted once, but for the first of all; where the tokenizer has tokens that
 * every text begins with, they come before it, and all are predicted. Gives the result so far after every window.
 *
 * A model is made ready first; give a {@link Decoder} to do that only once. Memory does not grow with the text.
 */
export async function* measurePerplexity(
  model: LanguageModel | Decoder,
  tokenizer: Tokenizer,
  source: TextSource,
  options: PerplexityOptions = {},
): AsyncGenerator<PerplexityResult, void, undefined> {
  const decoder = model instanceof Decoder ? model : new Decoder(model);
  const { contextLength, stride, limit, signal } = checkOptions(options, decoder);
  const begin = (tokenizer.beginOfTextIds ?? []).map((id) => ({ id, bytes: 0, characters: 0 }));
  const unscored = Math.max(1, begin.length);
  const losses = new RunningMean();
  let read = 0;
  let bytes = 0;
  let characters = 0;
  async function* pieces() {
    yield begin;
    for await (const piece of tokenStream(source, tokenizer)) {
      const left = limit + unscored - begin.length - read;
      yield piece.slice(0, left);
      read += Math.min(left, piece.length);
      if (piece.length >= left || signal?.aborted) return;
    }
  }
  try {
    const cache = decoder.createCache({ capacity: contextLength });
    for await (const { inputs, targets } of slidingWindows(pieces(), { contextLength, stride, unscored })) {
      if (signal?.aborted) return;
      cache.truncate(0, 0);
      const { logProbabilities } = await decoder.scoreTargets(cache, 0, inputs, idsOf(targets));
      for (const logProbability of logProbabilities) losses.add(-logProbability);
      for (const target of targets) {
        bytes += target.bytes;
        characters += target.characters;
      }
      yield { ...resultOf(losses, bytes, characters), contextLength, stride };
    }
    ensure(
      losses.count > 0 || signal?.aborted,
      `${source.path} has only ${read === 1 ? '1 token' : `${read} tokens`}, and the first one cannot be predicted; ` +
        'name a longer text',
    );
  } finally {
    if (decoder !== model) await decoder.dispose();
  }
}

/** The options with their defaults; throws a TsgptError for ones that cannot be. */
function checkOptions(options: PerplexityOptions, { config }: Pick<Decoder, 'config'>) {
  const { contextLength = config.contextLength, limit = Number.POSITIVE_INFINITY, signal } = options;
  ensure(
    Number.isSafeInteger(contextLength) && contextLength >= 1 && contextLength <= config.contextLength,
    `the context length must be from 1 to the ${config.contextLength} tokens that the model sees, but is ${contextLength}`,
  );
  const { stride = Math.max(1, Math.floor(contextLength / 2)) } = options;
  ensure(
    Number.isSafeInteger(stride) && stride >= 1 && stride <= contextLength,
    `the stride must be from 1 to the context length of ${contextLength}, or tokens would be left out, but is ${stride}`,
  );
  checkLimit(limit);
  return { contextLength, stride, limit, signal };
}

const idsOf = (tokens: readonly TextToken[]) => tokens.map(({ id }) => id);

function resultOf(losses: RunningMean, bytes: number, characters: number) {
  const loss = losses.estimate;
  const bits = (loss.value * losses.count) / Math.LN2;
  return {
    tokens: losses.count,
    loss,
    perplexity: Math.exp(loss.value),
    interval: perplexityInterval(loss),
    bitsPerByte: bits / bytes,
    bitsPerCharacter: bits / characters,
    bytes: Math.round(bytes),
    characters: Math.round(characters),
  };
}
