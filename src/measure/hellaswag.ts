import { ensure } from '../core/errors.ts';
import { ensureKind } from '../core/kind.ts';
import { knownOptions } from '../core/options.ts';
import type { Decoder } from '../generate/index.ts';
import type { LanguageModel } from '../models/index.ts';
import { ensureSource, type TextSource } from '../text/text-source.ts';
import type { Tokenizer } from '../tokenizer/tokenizer.ts';
import { type CasesOptions, type ContinuationScore, casesOptionNames, scoreCases } from './continuations.ts';
import { type Line, readLines } from './read-lines.ts';
import { type Estimate, RunningMean } from './statistics.ts';

/** The beginning of a description and four endings; one of them is true. */
export interface HellaSwagCase {
  readonly context: string;
  readonly endings: readonly string[];
  /** The index of the true ending, from 0. */
  readonly label: number;
}

export interface HellaSwagResult {
  readonly cases: number;
  /** The share of cases in which the true ending is the likeliest. */
  readonly accuracy: Estimate;
  /** The share of cases in which it has the largest log-probability per character. */
  readonly normalizedAccuracy: Estimate;
  /** The number of contexts that were longer than the model can see and lost their beginning. */
  readonly truncated: number;
}

export interface HellaSwagReport {
  readonly case: HellaSwagCase;
  /** The natural logarithm of each ending's probability. */
  readonly logProbabilities: readonly number[];
  readonly isRight: boolean;
  readonly isRightNormalized: boolean;
  /** The result for this case and all before it. */
  readonly result: HellaSwagResult;
}

const endingCount = 4;
const linesOfCase = 2 + endingCount;

/**
 * Reads cases in llama.cpp's format. Each case has six lines: the context, the number of the true ending (0 to 3) and the four endings. The
 * texts are used unchanged: in such files the context already begins with the activity, and WikiHow's markup is already removed.
 */
export async function readHellaSwag(source: TextSource): Promise<HellaSwagCase[]> {
  ensureSource('readHellaSwag', source);
  const cases: HellaSwagCase[] = [];
  let lines: Line[] = [];
  for await (const line of readLines(source)) {
    ensure(line.text.trim() !== '', `${line.place} is empty; each HellaSwag case has ${linesOfCase} lines of text`);
    const isNumber = lines.length !== 1 || /^\s*[0-3]\s*$/.test(line.text);
    ensure(
      isNumber,
      `${line.place} must be the number of the true ending, 0 to 3, but is ${quoteBeginning(line.text)}`,
    );
    lines.push(line);
    if (lines.length < linesOfCase) continue;
    const [context, label, ...endings] = lines.map(({ text }) => text.trim()) as [string, string, ...string[]];
    cases.push({ context, endings, label: Number(label) });
    lines = [];
  }
  ensure(
    lines.length === 0,
    () => `the case that begins at ${lines[0]!.place} has ${lines.length} of ${linesOfCase} lines; complete the file`,
  );
  ensure(cases.length > 0, `${source.path} has no cases in it`);
  return cases;
}

function quoteBeginning(text: string): string {
  return JSON.stringify(text.length > 40 ? `${text.slice(0, 40)} …` : text);
}

/**
 * Measures on HellaSwag (Zellers et al., 2019) how often the true ending scores best: once by the log-probability of " ending" after its
 * context, and once by that divided by the ending's length in characters (code points). These are `acc` and `acc_norm` of
 * lm-evaluation-harness. Of equal scores the first wins. Yields a report after every case.
 */
export async function* measureHellaSwag(
  model: LanguageModel | Decoder,
  tokenizer: Tokenizer,
  cases: Iterable<HellaSwagCase>,
  options: CasesOptions = {},
): AsyncGenerator<HellaSwagReport, void, undefined> {
  knownOptions('measureHellaSwag', options, casesOptionNames);
  ensureKind('measureHellaSwag', 'a tokenizer', tokenizer, 'encode');
  ensureKind('measureHellaSwag', 'the cases, as an array', cases, Symbol.iterator);
  const rights = new RunningMean();
  const normalizedRights = new RunningMean();
  let truncated = 0;
  const continuationsOf = (item: HellaSwagCase) => {
    ensureKind('measureHellaSwag', 'cases with a context, endings and a label', item, 'context', 'endings', 'label');
    return { context: item.context, continuations: item.endings.map((ending) => ` ${ending}`) };
  };
  for await (const { case: item, scores, isTruncated } of scoreCases(
    model,
    tokenizer,
    cases,
    continuationsOf,
    options,
  )) {
    const logProbabilities = scores.map(({ logProbability }: ContinuationScore) => logProbability);
    const perCharacter = logProbabilities.map((sum, i) => sum / [...item.endings[i]!].length);
    const isRight = largest(logProbabilities) === item.label;
    const isRightNormalized = largest(perCharacter) === item.label;
    rights.add(Number(isRight));
    normalizedRights.add(Number(isRightNormalized));
    truncated += Number(isTruncated);
    const accuracies = { accuracy: rights.estimate, normalizedAccuracy: normalizedRights.estimate };
    const result = { cases: rights.count, ...accuracies, truncated };
    yield { case: item, logProbabilities, isRight, isRightNormalized, result };
  }
}

/** The index of the largest value; the first of equal ones. */
function largest(values: readonly number[]): number {
  return values.indexOf(Math.max(...values));
}
