import { ensure } from '../core/errors.ts';
import { ensureKind } from '../core/kind.ts';
import { knownOptions } from '../core/options.ts';
import type { Decoder } from '../generate/index.ts';
import type { LanguageModel } from '../models/index.ts';
import { ensureSource, type TextSource } from '../text/text-source.ts';
import type { Tokenizer } from '../tokenizer/tokenizer.ts';
import { type CasesOptions, casesOptionNames, scoreCases } from './continuations.ts';
import { readLines } from './read-lines.ts';
import { type Estimate, perplexityInterval, RunningMean } from './statistics.ts';

/** A passage whose last word can be predicted from the words before it. */
export interface LambadaCase {
  /** The passage up to the space before its last word. */
  readonly context: string;
  /** The last word. */
  readonly word: string;
}

export interface LambadaResult {
  readonly cases: number;
  /** The share of words that greedy decoding would write: each token is the likeliest at its position. */
  readonly accuracy: Estimate;
  /** The mean negative log-likelihood of a word, in nats. */
  readonly loss: Estimate;
  /** exp(loss), per word, not per token. */
  readonly perplexity: number;
  /** The 95% interval of the perplexity. */
  readonly interval: readonly [low: number, high: number];
  /** The number of contexts that were longer than the model can see and lost their beginning. */
  readonly truncated: number;
}

export interface LambadaReport {
  readonly case: LambadaCase;
  /** Whether greedy decoding would write the word. */
  readonly isRight: boolean;
  /** The natural logarithm of the word's probability. */
  readonly logProbability: number;
  /** The result for this case and all before it. */
  readonly result: LambadaResult;
}

/** Reads cases in the format that OpenAI published: one line of JSON per case, `{"text": "a passage and its last word"}`. */
export async function readLambada(source: TextSource): Promise<LambadaCase[]> {
  ensureSource('readLambada', source);
  const cases: LambadaCase[] = [];
  for await (const { text: line, place } of readLines(source)) {
    const text = textOf(line, place);
    const space = text.lastIndexOf(' ');
    const [context, word] = [text.slice(0, Math.max(0, space)), text.slice(space + 1)];
    ensure(
      context.trim() !== '' && word.trim() !== '',
      `${place} has no last word that follows others; give it a passage`,
    );
    cases.push({ context, word });
  }
  ensure(cases.length > 0, `${source.path} has no cases in it`);
  return cases;
}

function textOf(line: string, place: string): string {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    // The error below says what is wrong.
  }
  const text = (value as { text?: unknown } | undefined | null)?.text;
  ensure(typeof text === 'string', `${place} is not of the form {"text": "..."}; name a file of LAMBADA passages`);
  return text;
}

/**
 * Measures on LAMBADA (Paperno et al., 2016) how often a model predicts the last word of a passage, as OpenAI did for GPT-2. The passage is
 * encoded as a whole, and the model predicts the tokens after the context, usually those of " word" with its space. A word is right if each
 * of its tokens is the likeliest at its position. lm-evaluation-harness calls this `lambada_openai`. Yields a report after every case.
 */
export async function* measureLambada(
  model: LanguageModel | Decoder,
  tokenizer: Tokenizer,
  cases: Iterable<LambadaCase>,
  options: CasesOptions = {},
): AsyncGenerator<LambadaReport, void, undefined> {
  knownOptions('measureLambada', options, casesOptionNames);
  ensureKind('measureLambada', 'a tokenizer', tokenizer, 'encode');
  ensureKind('measureLambada', 'the cases, as an array', cases, Symbol.iterator);
  const rights = new RunningMean();
  const losses = new RunningMean();
  let truncated = 0;
  const continuationsOf = (item: LambadaCase) => {
    ensureKind('measureLambada', 'cases with a context and a word', item, 'context', 'word');
    return { context: item.context, continuations: [` ${item.word}`] };
  };
  for await (const scored of scoreCases(model, tokenizer, cases, continuationsOf, options)) {
    const { isGreedy, logProbability } = scored.scores[0]!;
    rights.add(Number(isGreedy));
    losses.add(-logProbability);
    truncated += Number(scored.isTruncated);
    const loss = losses.estimate;
    const perplexity = { perplexity: Math.exp(loss.value), interval: perplexityInterval(loss) };
    const result = { cases: rights.count, accuracy: rights.estimate, loss, ...perplexity, truncated };
    yield { case: scored.case, isRight: isGreedy, logProbability, result };
  }
}
