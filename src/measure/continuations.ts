import { ensure, TsgptError } from '../core/errors.ts';
import type { OptionNames } from '../core/options.ts';
import { Decoder, type KVCache, promptIds } from '../generate/index.ts';
import { keepLast } from '../generate/keep-last.ts';
import type { LanguageModel } from '../models/index.ts';
import type { Tokenizer } from '../tokenizer/tokenizer.ts';
import { checkLimit } from './limit.ts';

/** The score that a model gives to a continuation of a context. */
export interface ContinuationScore {
  /** The natural logarithm of the continuation's probability. */
  readonly logProbability: number;
  /** Whether greedy decoding would write it: each of its tokens is the likeliest at its position. */
  readonly isGreedy: boolean;
}

/** Options for measuring a list of cases. */
export interface CasesOptions {
  /** The number of cases to measure, from the first on. Defaults to all. */
  limit?: number;
  /** Stops after the current case; the results up to then remain valid. */
  signal?: AbortSignal;
}

export const casesOptionNames: OptionNames<CasesOptions> = { limit: true, signal: true };

/** A context and one or more continuations of it. */
export interface Continuations {
  readonly context: string;
  readonly continuations: readonly string[];
}

/** The scores of the continuations, and whether the beginning of the context was cut off to fit the model. */
export interface ScoredCase<Case> {
  readonly case: Case;
  readonly scores: readonly ContinuationScore[];
  readonly isTruncated: boolean;
}

/** Scores the continuations case by case. The model reads each context once. */
export async function* scoreCases<Case>(
  model: LanguageModel | Decoder,
  tokenizer: Tokenizer,
  cases: Iterable<Case>,
  continuationsOf: (item: Case) => Continuations,
  { limit = Number.POSITIVE_INFINITY, signal }: CasesOptions,
): AsyncGenerator<ScoredCase<Case>, void, undefined> {
  checkLimit(limit);
  const decoder = model instanceof Decoder ? model : new Decoder(model);
  try {
    const cache = decoder.createCache();
    let count = 0;
    for (const item of cases) {
      if (count++ >= limit || signal?.aborted) return;
      const scored = await scoreContinuations(decoder, cache, tokenizer, continuationsOf(item)).catch((error) => {
        throw error instanceof TsgptError
          ? new TsgptError(`case ${count} cannot be measured: ${error.message}`)
          : error;
      });
      yield { case: item, ...scored };
    }
  } finally {
    if (decoder !== model) await decoder.dispose();
  }
}

async function scoreContinuations(
  decoder: Decoder,
  cache: KVCache,
  tokenizer: Tokenizer,
  { context, continuations }: Continuations,
): Promise<Omit<ScoredCase<unknown>, 'case'>> {
  const contextLength = cache.capacity;
  const { shared, endings } = splitTokens(tokenizer, context, continuations);
  const longest = Math.max(...endings.map(({ length }) => length));
  ensure(
    longest <= contextLength,
    `the text to predict has ${longest} tokens, but the model sees only ${contextLength} at once`,
  );
  // The last token of a continuation is predicted, but not read.
  const read = keepLast(shared, contextLength + 1 - longest, tokenizer.beginOfTextIds?.length ?? 0);

  cache.truncate(0, 0);
  await decoder.scoreTargets(cache, 0, read.slice(0, -1), []);
  const scores: ContinuationScore[] = [];
  for (const targets of endings) {
    cache.truncate(0, read.length - 1);
    const inputs = [...read.slice(-1), ...targets.slice(0, -1)];
    const { logProbabilities, likeliest } = await decoder.scoreTargets(cache, 0, inputs, targets);
    scores.push({
      logProbability: logProbabilities.reduce((a, b) => a + b, 0),
      isGreedy: targets.every((target, i) => target === likeliest[i]),
    });
  }
  return { scores, isTruncated: read.length < shared.length };
}

/**
 * The tokens that all texts share, and the remaining tokens of each continuation. Context and continuation are encoded together, so with most
 * tokenizers the remaining tokens are those of " word", with its space. If a token reaches from the context into one continuation, all
 * continuations are scored from there on.
 */
function splitTokens(tokenizer: Tokenizer, context: string, continuations: readonly string[]) {
  const alone = tokenizer.encode(context);
  const whole = continuations.map((continuation) => tokenizer.encode(context + continuation));
  let common = 0;
  while (common < alone.length && whole.every((ids) => ids[common] === alone[common])) common++;
  const endings = whole.map((ids) => ids.slice(common));
  const empty = endings.findIndex(({ length }) => length === 0);
  ensure(empty < 0, () => `${JSON.stringify(continuations[empty])} adds no token to its context`);
  const shared = [...(tokenizer.beginOfTextIds ?? []), ...alone.slice(0, common)];
  return { shared: shared.length > 0 ? shared : promptIds(tokenizer, ''), endings };
}
