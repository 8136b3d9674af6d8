import { describeValue } from '../core/describe-value.ts';
import { ensure } from '../core/errors.ts';
import { ensureKind } from '../core/kind.ts';
import { knownOptions, type OptionNames } from '../core/options.ts';
import type { Random } from '../random/random.ts';

/** How the next token is chosen from the logits. The steps are applied in the order of this list. */
export interface SamplingOptions {
  /** Added to the logits of some tokens, by id; -Infinity forbids one. Defaults to none. */
  logitBias?: Readonly<Record<number, number>>;
  /** Above 1, tokens that already occur in the text become less likely (Keskar et al., 2019). Defaults to 1, which changes nothing. */
  repetitionPenalty?: number;
  /** Divides the logits: below 1 likely tokens become likelier, above 1 less likely; 0 always takes the likeliest. Defaults to 1. */
  temperature?: number;
  /** Only this many of the likeliest tokens can be chosen. Defaults to all. */
  topK?: number;
  /** Only the likeliest tokens that together reach this probability can be chosen (Holtzman et al., 2020). Defaults to all. */
  topP?: number;
  /** Only tokens at least this many times as likely as the likeliest can be chosen (Nguyen et al., 2024). Defaults to all. */
  minP?: number;
}

export const samplingOptionNames: OptionNames<SamplingOptions> = {
  ...{ logitBias: true, repetitionPenalty: true, temperature: true, topK: true, topP: true, minP: true },
};

/** The sampling options among others. */
export function samplingOptionsIn(options: SamplingOptions): SamplingOptions {
  return Object.fromEntries(Object.entries(options).filter(([name]) => Object.hasOwn(samplingOptionNames, name)));
}

/** Throws a TsgptError if `options` are invalid. */
export function checkSamplingOptions(options: SamplingOptions): void {
  knownOptions('checkSamplingOptions', options, samplingOptionNames);
  const { temperature = 1, topK, topP, minP, repetitionPenalty = 1, logitBias = {} } = options;
  ensureKind('logitBias', 'a number for each token id, as in { 1: -2 }', logitBias);
  ensure(
    temperature >= 0 && Number.isFinite(temperature),
    `the temperature must be a number of at least 0, but is ${describeValue(temperature)}`,
  );
  ensure(
    topK === undefined || (Number.isSafeInteger(topK) && topK >= 1),
    `topK must be a whole number of at least 1, but is ${describeValue(topK)}`,
  );
  ensure(
    topP === undefined || (topP > 0 && topP <= 1),
    `topP must be greater than 0 and at most 1, but is ${describeValue(topP)}`,
  );
  ensure(
    minP === undefined || (minP >= 0 && minP <= 1),
    `minP must be at least 0 and at most 1, but is ${describeValue(minP)}`,
  );
  ensure(
    repetitionPenalty > 0 && Number.isFinite(repetitionPenalty),
    `the repetition penalty must be a number greater than 0, but is ${describeValue(repetitionPenalty)}`,
  );
  for (const [id, bias] of Object.entries(logitBias)) {
    ensure(
      Number.isSafeInteger(Number(id)) &&
        Number(id) >= 0 &&
        typeof bias === 'number' &&
        !Number.isNaN(bias) &&
        bias !== Number.POSITIVE_INFINITY,
      `a logit bias is a number for a token id, but ${id} has ${describeValue(bias)}`,
    );
  }
}

function ensureLogits(operation: string, logits: Float32Array): void {
  ensureKind(operation, 'logits in a Float32Array', logits, 'BYTES_PER_ELEMENT', 'toSorted');
}

/** Chooses a token by its logit. `history` contains the tokens before it, for the repetition penalty. */
export function sampleToken(
  logits: Float32Array,
  options: SamplingOptions,
  random: Random,
  history: Iterable<number> = [],
): number {
  ensureLogits('sampleToken', logits);
  ensureKind('sampleToken', 'a source of random numbers, as new Random(1)', random, 'uniform');
  ensureKind('sampleToken', 'the tokens before as an array', history, Symbol.iterator);
  checkSamplingOptions(options);
  const { temperature = 1, topK, topP, minP } = options;
  const adjusted = adjustLogits(logits, options, history);
  if (temperature === 0) return argmax(adjusted);
  if (topK === undefined && topP === undefined && minP === undefined) {
    // Every token can be chosen, so there is no need to sort them.
    const weights = weightsOf(adjusted, temperature);
    return draw(adjusted.keys(), weights, random);
  }
  const { ids, probabilities } = candidates(adjusted, options);
  return draw(ids, probabilities, random);
}

/** The probability with which {@link sampleToken} chooses each token, `[vocabSize]`. */
export function tokenProbabilities(
  logits: Float32Array,
  options: SamplingOptions,
  history: Iterable<number> = [],
): Float64Array {
  const adjusted = adjustLogits(logits, options, history);
  const probabilities = new Float64Array(logits.length);
  if (options.temperature === 0) {
    probabilities[argmax(adjusted)] = 1;
    return probabilities;
  }
  const { ids, probabilities: kept } = candidates(adjusted, options);
  const total = kept.reduce((a, b) => a + b, 0);
  for (const [i, id] of ids.entries()) probabilities[id] = kept[i]! / total;
  return probabilities;
}

/** Draws an id with a probability proportional to its weight. */
export function draw(ids: Iterable<number>, weights: ArrayLike<number> & Iterable<number>, random: Random): number {
  let left = 0;
  for (const weight of weights) left += weight;
  left *= random.uniform();
  let i = 0;
  let chosen = 0;
  for (const id of ids) {
    const weight = weights[i++]!;
    if (weight > 0) chosen = id; // the last possible one, in case rounding leaves a little at the end
    left -= weight;
    if (left < 0) break;
  }
  return chosen;
}

/** The largest float32. */
const largestFloat = (2 - 2 ** -23) * 2 ** 127;

/** The logits with bias and penalty; the same array if there is neither. */
function adjustLogits(
  logits: Float32Array,
  { logitBias, repetitionPenalty = 1 }: SamplingOptions,
  history: Iterable<number>,
): Float32Array {
  if (!logitBias && repetitionPenalty === 1) return logits;
  const adjusted = logits.slice();
  for (const [id, bias] of Object.entries(logitBias ?? {})) {
    ensure(
      Number(id) < logits.length,
      () => `there is a bias for token ${id}, but the model has ${logits.length} tokens`,
    );
    adjusted[Number(id)] = Math.min(adjusted[Number(id)]! + bias, largestFloat);
  }
  for (const id of repetitionPenalty === 1 ? [] : new Set(history)) {
    const logit = adjusted[id]!;
    adjusted[id] = logit > 0 ? Math.min(logit / repetitionPenalty, largestFloat) : logit * repetitionPenalty;
  }
  ensure(
    adjusted[argmax(adjusted)] !== Number.NEGATIVE_INFINITY,
    'the logit bias forbids all tokens; leave at least one to choose',
  );
  return adjusted;
}

/**
 * The tokens that can be chosen, likeliest first, and their probabilities, which add up to at most 1. Bias and penalty are not applied: `logits` are
 * taken as they are.
 */
export function candidates(logits: Float32Array, options: SamplingOptions): { ids: number[]; probabilities: number[] } {
  ensureLogits('candidates', logits);
  checkSamplingOptions(options);
  const { temperature = 1, topK, topP, minP } = options;
  const weights = weightsOf(logits, temperature);
  const total = weights.reduce((a, b) => a + b, 0);
  let ids = likeliestFirst(logits, topK);
  if (topP !== undefined) {
    // The probability is relative to the tokens that topK left, as in the reference implementation.
    const kept = ids.reduce((sum, id) => sum + weights[id]!, 0);
    let reached = 0;
    let count = 0;
    while (count < ids.length && reached < topP) reached += weights[ids[count++]!]! / kept;
    ids = ids.slice(0, count);
  }
  if (minP !== undefined) ids = ids.filter((id) => weights[id]! >= minP * weights[ids[0]!]!);
  return { ids, probabilities: ids.map((id) => weights[id]! / total) };
}

/** Weights proportional to the probabilities; the likeliest token has 1. */
function weightsOf(logits: Float32Array, temperature: number): Float64Array {
  const largest = logits[argmax(logits)]!;
  return Float64Array.from(logits, (logit) => Math.exp((logit - largest) / temperature));
}

/** The `count` ids with the largest logits, in order; the lower id first among equals. */
function likeliestFirst(logits: Float32Array, count = logits.length): number[] {
  // Sorting plain numbers is many times faster than sorting ids by them, so first find the smallest logit to keep.
  const threshold = logits.toSorted()[Math.max(0, logits.length - count)]!;
  const ids: number[] = [];
  for (const [id, logit] of logits.entries()) if (logit >= threshold) ids.push(id);
  return ids.sort((a, b) => logits[b]! - logits[a]! || a - b).slice(0, count);
}

/** The index of the largest value; the first of equal ones. */
export function argmax(values: Float32Array): number {
  let best = 0;
  for (let i = 1; i < values.length; i++) if (values[i]! > values[best]!) best = i;
  return best;
}
