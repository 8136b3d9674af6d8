import { ensure, TsgptError } from '../core/errors.ts';
import { Decoder, type KVCache, promptIds } from '../generate/index.ts';
import { keepLast } from '../generate/keep-last.ts';
import type { LanguageModel } from '../models/index.ts';
import type { Tokenizer } from '../tokenizer/tokenizer.ts';
import { checkLimit } from './limit.ts';

/** What a model makes of a text that goes on from a context. */
export interface ContinuationScore {
  /** The natural logarithm of the probability of all its tokens. */
  readonly logProbability: number;
  /** Whether each of its tokens is the likeliest one in its place. */
  readonly isGreedy: boolean;
}

/** Options of a measure over cases. */
export interface CasesOptions {
  /** Measures only the first so many cases. */
  limit?: number;
  /** Ends the measuring after a case; what was measured before stands. */
  signal?: AbortSignal;
}

/** A context and one or several texts that go on from it. */
export interface Continuations {
  readonly context: string;
  readonly continuations: readonly string[];
}

/** What a model makes of the continuations, and whether the context was too long for it and lost its beginning. */
export interface ScoredCase<Case> {
  readonly case: Case;
  readonly scores: readonly ContinuationScore[];
  readonly isTruncated: boolean;
}

/** Scores the continuations of one case after the other. The model reads each context once. */
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
    `the text to be predicted has ${longest} tokens, but the model sees only ${contextLength} at once`,
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
 * The tokens of the context, and those that follow them for each continuation. Both are encoded together. With most tokenizers these are then
 * the tokens of " word", the space being a part of them; where a token reaches from the context into a continuation, it is
 * scored with all continuations.
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
