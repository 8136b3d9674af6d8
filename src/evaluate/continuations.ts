import { ensure, TsgptError } from '../errors.ts';
import { Decoder, type KVCache, promptIds } from '../generate/index.ts';
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
  const { contextLength } = decoder.model.config;
  const pairs = continuations.map((continuation) => encodePair(tokenizer, context, continuation));
  const longest = Math.max(...pairs.map(({ length }) => length));
  ensure(
    longest <= contextLength,
    `the text to be predicted has ${longest} tokens, but the model sees only ${contextLength} at once`,
  );
  const ids = promptIds(tokenizer, context.trimEnd());
  // The last token of a continuation is predicted, but not read.
  const read = keepLast(ids, contextLength + 1 - longest, tokenizer.beginOfTextIds?.length ?? 0);

  cache.truncate(0, 0);
  await decoder.scoreTargets(cache, 0, read.slice(0, -1), []);
  const scores: ContinuationScore[] = [];
  for (const targets of pairs) {
    cache.truncate(0, read.length - 1);
    const inputs = [...read.slice(-1), ...targets.slice(0, -1)];
    const { logProbabilities, likeliest } = await decoder.scoreTargets(cache, 0, inputs, targets);
    scores.push({
      logProbability: logProbabilities.reduce((a, b) => a + b, 0),
      isGreedy: targets.every((target, i) => target === likeliest[i]),
    });
  }
  return { scores, isTruncated: read.length < ids.length };
}

/**
 * The tokens by which `context + continuation` is longer than `context`. White space at the context's end belongs to the continuation, as
 * a token is rather " word" than "word".
 */
function encodePair(tokenizer: Tokenizer, context: string, continuation: string): number[] {
  const shared = tokenizer.encode(context.trimEnd()).length;
  const ids = tokenizer.encode(context + continuation).slice(shared);
  ensure(ids.length > 0, `${JSON.stringify(continuation)} adds no token to its context`);
  return ids;
}

/** The last `count` ids, but for the first `begin` ones, which stay if there is room for more than them. */
function keepLast(ids: readonly number[], count: number, begin: number): readonly number[] {
  if (ids.length <= count) return ids;
  return count > begin ? [...ids.slice(0, begin), ...ids.slice(begin - count)] : ids.slice(-count);
}
