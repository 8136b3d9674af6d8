import { describeValue } from '../core/describe-value.ts';
import { ensure } from '../core/errors.ts';
import { ensureKind } from '../core/kind.ts';
import { knownOptions, type OptionNames } from '../core/options.ts';
import { Decoder } from '../generate/index.ts';
import type { LanguageModel } from '../models/index.ts';
import { ensureSource, type TextSource } from '../text/text-source.ts';
import type { EncodeOptions, Tokenizer } from '../tokenizer/tokenizer.ts';
import { checkLimit } from './limit.ts';
import { slidingWindows } from './sliding-windows.ts';
import { type Estimate, perplexityInterval, RunningMean } from './statistics.ts';
import { type TextToken, tokenStream } from './token-stream.ts';

export interface PerplexityOptions extends EncodeOptions {
  /** The number of tokens that the model reads in one window. Defaults to the model's context length. */
  contextLength?: number;
  /**
   * The number of tokens from the beginning of one window to the beginning of the next, from 1 to the context length. A smaller stride gives
   * every token more context and takes longer: each token is read `contextLength / stride` times. A stride equal to the context length is
   * the fastest; it is cut to the room that `beginOfText` leaves in a window. Defaults to half the context length.
   */
  stride?: number;
  /**
   * Where the tokens stand that every text of the model begins with, such as Llama's `<s>`. `each`, the default: at the beginning of every window, as
   * a part of its context length. So does llama.cpp, and so does a text that outgrows the context while it is written. `first`: only at the beginning
   * of the first window, as in Hugging Face's "Perplexity of fixed-length models"; later windows are then texts such as the model has never seen.
   * It makes no difference where there are no such tokens, as for GPT-2.
   */
  beginOfText?: BeginOfText;
  /** The number of tokens to measure, as if the text ended after them. Defaults to all. */
  limit?: number;
  /** Stops after the current window; the results up to then remain valid. */
  signal?: AbortSignal;
}

export const beginOfTextPlaces = ['each', 'first'] as const;
export type BeginOfText = (typeof beginOfTextPlaces)[number];

const perplexityOptions: OptionNames<PerplexityOptions> = {
  ...{ contextLength: true, stride: true, limit: true, signal: true, allowSpecial: true, beginOfText: true },
};

/** How well a model predicts a text. */
export interface PerplexityResult {
  /** The number of tokens that were predicted. */
  readonly tokens: number;
  /** The mean negative log-likelihood of a token, in nats. */
  readonly loss: Estimate;
  /** exp(loss): a guess among this many equally likely tokens would be as uncertain. */
  readonly perplexity: number;
  /** The 95% interval of the perplexity, exp(loss ± 1.96 standard errors), computed as if tokens were independent of each other. */
  readonly interval: readonly [low: number, high: number];
  /** The loss of the whole text in bits, divided by its size in UTF-8 bytes: comparable between tokenizers. */
  readonly bitsPerByte: number;
  /** The loss of the whole text in bits, divided by its number of characters (code points). */
  readonly bitsPerCharacter: number;
  /** The size of the predicted tokens in UTF-8 bytes and in characters. */
  readonly bytes: number;
  readonly characters: number;
  /** The options used; see {@link PerplexityOptions}. */
  readonly contextLength: number;
  readonly stride: number;
  readonly beginOfText: BeginOfText;
}

/**
 * Measures the perplexity of a text: exp of the mean negative log-likelihood of its tokens, each given the tokens before it in its window;
 * see {@link slidingWindows}. Every token is predicted once, except the first. If the tokenizer has tokens that every text begins with, they
 * come first (see `beginOfText`), and every token of the text is predicted. Yields the result so far after every window.
 *
 * A model is compiled first; pass a {@link Decoder} to do that only once. Memory does not grow with the text.
 */
export async function* measurePerplexity(
  model: LanguageModel | Decoder,
  tokenizer: Tokenizer,
  source: TextSource,
  options: PerplexityOptions = {},
): AsyncGenerator<PerplexityResult, void, undefined> {
  ensureKind('measurePerplexity', 'a tokenizer', tokenizer, 'encode', 'tokenBytes');
  ensureSource('measurePerplexity', source);
  const decoder = model instanceof Decoder ? model : new Decoder(model);
  const { beginOfTextIds = [] } = tokenizer;
  const { contextLength, stride, beginOfText, limit, signal } = checkOptions(options, decoder, beginOfTextIds);
  const inEach = beginOfText === 'each' && beginOfTextIds.length > 0;
  const prefix = inEach ? beginOfTextIds : [];
  const begin = inEach ? [] : beginOfTextIds.map((id) => ({ id, bytes: 0, characters: 0 }));
  const unscored = inEach ? 0 : Math.max(1, begin.length);
  const losses = new RunningMean();
  let read = 0;
  let bytes = 0;
  let characters = 0;
  async function* pieces() {
    yield begin;
    for await (const piece of tokenStream(source, tokenizer, { allowSpecial: options.allowSpecial })) {
      const left = limit + unscored - begin.length - read;
      yield piece.slice(0, left);
      read += Math.min(left, piece.length);
      if (piece.length >= left || signal?.aborted) return;
    }
  }
  try {
    const cache = decoder.createCache({ capacity: contextLength });
    for await (const { inputs, targets } of slidingWindows(pieces(), {
      ...{ contextLength, stride, unscored, prefix },
    })) {
      if (signal?.aborted) return;
      cache.truncate(0, 0);
      const { logProbabilities } = await decoder.scoreTargets(cache, 0, inputs, idsOf(targets));
      for (const logProbability of logProbabilities) losses.add(-logProbability);
      for (const target of targets) {
        bytes += target.bytes;
        characters += target.characters;
      }
      yield { ...resultOf(losses, bytes, characters), contextLength, stride, beginOfText };
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

/** The options with their defaults. Throws a TsgptError for invalid ones. */
function checkOptions(options: PerplexityOptions, { config }: Pick<Decoder, 'config'>, begin: readonly number[]) {
  const known = knownOptions('measurePerplexity', options, perplexityOptions);
  const { contextLength = config.contextLength, limit = Number.POSITIVE_INFINITY, signal } = known;
  const { beginOfText = 'each' } = known;
  ensure(
    beginOfTextPlaces.includes(beginOfText),
    () => `beginOfText must be ${beginOfTextPlaces.join(' or ')}, but is ${describeValue(beginOfText)}`,
  );
  ensure(
    Number.isSafeInteger(contextLength) && contextLength >= 1 && contextLength <= config.contextLength,
    `the context length must be from 1 to the ${config.contextLength} tokens that the model sees, but is ${describeValue(contextLength)}`,
  );
  const { stride = Math.max(1, Math.floor(contextLength / 2)) } = known;
  ensure(
    Number.isSafeInteger(stride) && stride >= 1 && stride <= contextLength,
    `the stride must be from 1 to the context length of ${contextLength}, or tokens would be left out, but is ${describeValue(stride)}`,
  );
  checkLimit(limit);
  const room = beginOfText === 'each' ? contextLength - begin.length : contextLength;
  ensure(
    room >= 1,
    () =>
      `the context length must be more than the ${begin.length} tokens at the beginning of every window, but is ${describeValue(contextLength)}`,
  );
  return { contextLength, stride: Math.min(stride, room), beginOfText, limit, signal };
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
