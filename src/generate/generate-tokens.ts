import { describeValue } from '../core/describe-value.ts';
import { ensure } from '../core/errors.ts';
import { ensureIds, ensureKind } from '../core/kind.ts';
import { knownOptions } from '../core/options.ts';
import type { LanguageModel } from '../models/index.ts';
import { Random } from '../random/random.ts';
import { ensureSeed } from '../random/seed.ts';
import { continueWithDraft } from './continue-with-draft.ts';
import { Decoder } from './decoder.ts';
import { keepLast } from './keep-last.ts';
import type { KVCache } from './kv-cache.ts';
import { logProbabilities } from './log-probabilities.ts';
import { makeRoom, type TextCache } from './make-room.ts';
import { type GeneratedToken, type GenerateTokensOptions, generateTokensOptions } from './options.ts';
import { checkSamplingOptions, sampleToken, samplingOptionsIn } from './sampling.ts';
import { type NextTokenModel, WholePasses } from './whole-passes.ts';

/** Continues `prompt`, token by token; see {@link generateBatch}. The prompt is not repeated. */
export async function* generateTokens(
  model: NextTokenModel | Decoder,
  prompt: readonly number[],
  options: GenerateTokensOptions = {},
): AsyncGenerator<GeneratedToken, void, undefined> {
  knownOptions('generateTokens', options, generateTokensOptions);
  for await (const [token] of generateBatch(model, [prompt], options)) yield token!;
}

/**
 * Continues several prompts of any lengths at the same time. Each step yields a token for every text, or undefined for a text that has ended.
 * Text `i` is what {@link generateTokens} alone writes with the seed `seed + i`.
 *
 * A model is compiled first, which takes a moment; pass a {@link Decoder} to do that only once. A model without a cache reads the whole text for
 * every token. A text that outgrows the context continues with the last seven eighths of the context, including the `keepFirst` tokens.
 */
export async function* generateBatch(
  model: NextTokenModel | Decoder,
  prompts: readonly (readonly number[])[],
  options: GenerateTokensOptions = {},
): AsyncGenerator<(GeneratedToken | undefined)[], void, undefined> {
  const known = knownOptions('generateBatch', options, generateTokensOptions);
  ensureKind('generateTokens', 'a model or a decoder', model, 'config');
  ensure(Array.isArray(prompts), () => `generateBatch: give prompts as an array, but not ${describeValue(prompts)}`);
  for (const prompt of prompts) ensureIds('generateTokens', 'a prompt', prompt);
  const { maxTokens = 200, seed = 0, stopTokens = [], keepFirst = 0, signal } = known;
  ensureIds('generateTokens', 'stopTokens', stopTokens);
  const sampling = samplingOptionsIn(options);
  checkSamplingOptions(sampling);
  ensure(
    Number.isSafeInteger(maxTokens) && maxTokens >= 0,
    `maxTokens must be a whole number of at least 0, but is ${describeValue(maxTokens)}`,
  );
  ensure(
    Number.isSafeInteger(keepFirst) && keepFirst >= 0,
    `keepFirst must be a whole number of at least 0, but is ${describeValue(keepFirst)}`,
  );
  ensure(
    prompts.length > 0 && prompts.every(({ length }) => length > 0),
    'there is no text to continue; give at least one token',
  );
  ensureSeed(seed);
  ensureSeed(seed + prompts.length - 1);
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
    const { draft } = options;
    if (draft) {
      ensure(
        prompts.length === 1,
        `a draft guesses for one text, but there are ${prompts.length}; write them one by one`,
      );
      ensure(reader instanceof Decoder, 'a model without keys and values cannot use a draft; leave it out');
      const tokens = continueWithDraft(reader, cache as KVCache, texts[0]!, draft, { ...options, maxTokens });
      for await (const token of tokens) yield [token];
      return;
    }
    for (let step = 0; step < maxTokens && !signal?.aborted; step++) {
      const unread = texts.map((text, i) => (text.hasEnded ? [] : makeRoom(cache, i, text, keepFirst)));
      const logits = await reader.append(cache, unread);
      const tokens = texts.map((text, i) => {
        if (text.hasEnded) return undefined;
        const id = sampleToken(logits[i]!, sampling, text.random, text.ids);
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

/** Reads tokens and computes the logits of the next one, with or without a key-value cache. */
interface TokenReader {
  readonly config: NextTokenModel['config'];
  createCache(options: { batchSize: number; capacity: number }): TextCache;
  append(cache: TextCache, tokens: readonly (readonly number[])[]): Promise<(Float32Array | undefined)[]>;
  dispose(): Promise<void>;
}

function readerOf(model: NextTokenModel | Decoder): TokenReader {
  if (model instanceof Decoder) return model;
  return hasCache(model) ? new Decoder(model) : new WholePasses(model);
}

function hasCache(model: NextTokenModel): model is LanguageModel {
  return (model as Partial<LanguageModel>).cacheShape !== undefined;
}
