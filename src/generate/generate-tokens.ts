import { ensure } from '../core/errors.ts';
import type { LanguageModel } from '../models/index.ts';
import { Random } from '../random/random.ts';
import { Decoder } from './decoder.ts';
import { keepLast } from './keep-last.ts';
import type { KVCache } from './kv-cache.ts';
import { logProbabilities, type ScoredToken } from './log-probabilities.ts';
import { checkSamplingOptions, type SamplingOptions, sampleToken } from './sampling.ts';
import { type NextTokenModel, WholePasses } from './whole-passes.ts';

export interface GenerateTokensOptions extends SamplingOptions {
  /** How many tokens to write at most; 200 unless told otherwise. */
  maxTokens?: number;
  /** The same seed gives the same choices. */
  seed?: number;
  /** Writing ends after one of these tokens, which is not given out. */
  stopTokens?: readonly number[];
  /** Tells with each token how likely it was, and the so many likeliest ones besides. */
  logProbabilities?: number;
  /** How many tokens at the beginning of a prompt stay when the text outgrows the context, such as the one that Llama's texts begin with. */
  keepFirst?: number;
  signal?: AbortSignal;
  /** A cache that holds the first tokens of each prompt already; they are not read again. What is written goes into it. */
  cache?: KVCache;
}

/** A token as it is written. */
export interface GeneratedToken {
  id: number;
  /** With the option `logProbabilities`: the natural logarithm of the model's probability for it, before any sampling option. */
  logProbability?: number;
  /** And those of the likeliest tokens at its place, the likeliest first. */
  likeliest?: ScoredToken[];
}

/** Writes on from `prompt`, token by token; see {@link generateBatch}. The prompt is not repeated. */
export async function* generateTokens(
  model: NextTokenModel | Decoder,
  prompt: readonly number[],
  options: GenerateTokensOptions = {},
): AsyncGenerator<GeneratedToken, void, undefined> {
  for await (const [token] of generateBatch(model, [prompt], options)) yield token!;
}

/**
 * Writes on from several prompts of any lengths at the same time. Each step gives a token for every text; undefined for one
 * that has ended. Text `i` is what {@link generateTokens} writes alone with the seed `seed + i`.
 *
 * A model is made ready first, which takes a moment; give a {@link Decoder} to do that only once. A model without a cache reads the
 * whole text for every token. A text that outgrows the model's
 * context goes on with the last seven eighths of it, and what `keepFirst` says.
 */
export async function* generateBatch(
  model: NextTokenModel | Decoder,
  prompts: readonly (readonly number[])[],
  options: GenerateTokensOptions = {},
): AsyncGenerator<(GeneratedToken | undefined)[], void, undefined> {
  const { maxTokens = 200, seed = 0, stopTokens = [], keepFirst = 0, signal } = options;
  checkSamplingOptions(options);
  ensure(
    Number.isSafeInteger(maxTokens) && maxTokens >= 0,
    `maxTokens must be a whole number of at least 0, but is ${maxTokens}`,
  );
  ensure(
    Number.isSafeInteger(keepFirst) && keepFirst >= 0,
    `keepFirst must be a whole number of at least 0, but is ${keepFirst}`,
  );
  ensure(
    prompts.length > 0 && prompts.every(({ length }) => length > 0),
    'there is nothing to continue: give at least one token',
  );
  if (maxTokens === 0 || signal?.aborted) return;
  const reader = readerOf(model);
  try {
    ensure(
      !(options.cache && reader instanceof WholePasses),
      'a model without keys and values has no use for a cache; leave it out',
    );
    const { contextLength } = reader.config;
    const longest = Math.max(...prompts.map(({ length }) => length));
    const capacity = Math.min(contextLength, longest + maxTokens);
    const cache = options.cache ?? reader.createCache({ batchSize: prompts.length, capacity });
    const texts = prompts.map((prompt, i) => ({
      ids: [...prompt],
      unread: options.cache ? prompt.slice(cache.lengths[i]) : keepLast(prompt, contextLength, keepFirst),
      random: new Random(seed + i),
      hasEnded: false,
    }));
    ensure(
      texts.every(({ unread }) => unread.length > 0),
      'the cache holds the whole prompt; cut it by at least one token',
    );
    for (let step = 0; step < maxTokens && !signal?.aborted; step++) {
      const unread = texts.map((text, i) => (text.hasEnded ? [] : makeRoom(cache, i, text, keepFirst)));
      const logits = await reader.append(cache, unread);
      const tokens = texts.map((text, i) => {
        if (text.hasEnded) return undefined;
        const id = sampleToken(logits[i]!, options, text.random, text.ids);
        text.hasEnded = stopTokens.includes(id);
        text.ids.push(id);
        text.unread = [id];
        return text.hasEnded ? undefined : { id, ...logProbabilities(logits[i]!, id, options.logProbabilities) };
      });
      if (texts.every(({ hasEnded }) => hasEnded)) return;
      yield tokens;
    }
  } finally {
    if (reader !== model) await reader.dispose();
  }
}

/** Reads tokens and tells what comes next, with a cache or without. */
interface TokenReader {
  readonly config: NextTokenModel['config'];
  createCache(options: { batchSize: number; capacity: number }): TextCache;
  append(cache: TextCache, tokens: readonly (readonly number[])[]): Promise<(Float32Array | undefined)[]>;
  dispose(): Promise<void>;
}

type TextCache = Pick<KVCache, 'lengths' | 'capacity' | 'truncate'>;

function readerOf(model: NextTokenModel | Decoder): TokenReader {
  if (model instanceof Decoder) return model;
  return hasCache(model) ? new Decoder(model) : new WholePasses(model);
}

function hasCache(model: NextTokenModel): model is LanguageModel {
  return (model as Partial<LanguageModel>).cacheShape !== undefined;
}

/** What is to be read next: the text's new tokens, or, if the cache is full, its last ones all over. */
function makeRoom(
  cache: TextCache,
  i: number,
  { ids, unread }: { ids: number[]; unread: readonly number[] },
  keepFirst: number,
): readonly number[] {
  if (cache.lengths[i]! + unread.length <= cache.capacity) return unread;
  cache.truncate(i, 0);
  const forgotten = Math.ceil(cache.capacity / 8);
  return keepLast(ids, Math.max(1, cache.capacity - forgotten), keepFirst);
}
