import { ensure } from '../core/errors.ts';
import type { Random } from '../random/random.ts';

/** How the next token is chosen from the model's scores. The steps are taken in the order of this list. */
export interface SamplingOptions {
  /** Added to the logits of some tokens, by id; -Infinity forbids one. */
  logitBias?: Readonly<Record<number, number>>;
  /** Above 1, tokens that are there already become less likely (Keskar et al., 2019); 1 changes nothing. */
  repetitionPenalty?: number;
  /** Below 1 likely tokens become likelier still, above 1 unlikely ones get a chance; 0 always takes the likeliest. */
  temperature?: number;
  /** Only the so many likeliest tokens can be chosen. */
  topK?: number;
  /** Only the likeliest tokens that together reach this probability can be chosen (Holtzman et al., 2020). */
  topP?: number;
  /** Only tokens at least this many times as likely as the likeliest can be chosen (Nguyen et al., 2024). */
  minP?: number;
}

/** Throws one clear sentence if tokens cannot be chosen by `options`. */
export function checkSamplingOptions(options: SamplingOptions): void {
  const { temperature = 1, topK, topP, minP, repetitionPenalty = 1, logitBias = {} } = options;
  ensure(
    temperature >= 0 && Number.isFinite(temperature),
    `the temperature must be a number of at least 0, but is ${temperature}`,
  );
  ensure(
    topK === undefined || (Number.isSafeInteger(topK) && topK >= 1),
    `topK must be a whole number of at least 1, but is ${topK}`,
  );
  ensure(topP === undefined || (topP > 0 && topP <= 1), `topP must be greater than 0 and at most 1, but is ${topP}`);
  ensure(minP === undefined || (minP >= 0 && minP <= 1), `minP must be at least 0 and at most 1, but is ${minP}`);
  ensure(
    repetitionPenalty > 0 && Number.isFinite(repetitionPenalty),
    `the repetition penalty must be a number greater than 0, but is ${repetitionPenalty}`,
  );
  for (const [id, bias] of Object.entries(logitBias)) {
    ensure(
      Number.isSafeInteger(Number(id)) && Number(id) >= 0 && !Number.isNaN(bias) && bias !== Number.POSITIVE_INFINITY,
      `a logit bias belongs to a token id and is a number, but ${id} has ${bias}`,
    );
  }
}

/** Chooses a token by its logit; `history` are the tokens before, for the repetition penalty. */
export function sampleToken(
  logits: Float32Array,
  options: SamplingOptions,
  random: Random,
  history: Iterable<number> = [],
): number {
  const { temperature = 1, topK, topP, minP } = options;
  const adjusted = adjustLogits(logits, options, history);
  if (temperature === 0) return argmax(adjusted);
  if (topK === undefined && topP === undefined && minP === undefined) {
    // Every token can be chosen, so there is no need to know which are likeliest.
    const weights = weightsOf(adjusted, temperature);
    return draw(adjusted.keys(), weights, random);
  }
  const { ids, probabilities } = candidates(adjusted, options);
  return draw(ids, probabilities, random);
}

/** An id with the probability that its weight is of all. */
function draw(ids: Iterable<number>, weights: ArrayLike<number> & Iterable<number>, random: Random): number {
  let left = 0;
  for (const weight of weights) left += weight;
  left *= random.uniform();
  let i = 0;
  let chosen = 0;
  for (const id of ids) {
    const weight = weights[i++]!;
    if (weight > 0) chosen = id; // rounding may leave a little at the end; then it is the last possible one
    left -= weight;
    if (left < 0) break;
  }
  return chosen;
}

/** Of single precision, as the logits are. */
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

/** The tokens that can be chosen, likeliest first, and their probabilities, which add up to at most 1. */
export function candidates(
  logits: Float32Array,
  { temperature = 1, topK, topP, minP }: Pick<SamplingOptions, 'temperature' | 'topK' | 'topP' | 'minP'>,
): { ids: number[]; probabilities: number[] } {
  const weights = weightsOf(logits, temperature);
  const total = weights.reduce((a, b) => a + b, 0);
  let ids = likeliestFirst(logits, topK);
  if (topP !== undefined) {
    // The share is of what topK left, as in the reference implementation.
    const kept = ids.reduce((sum, id) => sum + weights[id]!, 0);
    let reached = 0;
    let count = 0;
    while (count < ids.length && reached < topP) reached += weights[ids[count++]!]! / kept;
    ids = ids.slice(0, count);
  }
  if (minP !== undefined) ids = ids.filter((id) => weights[id]! >= minP * weights[ids[0]!]!);
  return { ids, probabilities: ids.map((id) => weights[id]! / total) };
}

/** What each probability is in proportion to; the likeliest token has 1. */
function weightsOf(logits: Float32Array, temperature: number): Float64Array {
  const largest = logits[argmax(logits)]!;
  return Float64Array.from(logits, (logit) => Math.exp((logit - largest) / temperature));
}

/** The `count` ids with the largest logits, in order; the lower id first among equals. */
function likeliestFirst(logits: Float32Array, count = logits.length): number[] {
  // Sorting plain numbers is many times faster than sorting ids by them, so it first finds out how large a logit must be.
  const threshold = logits.toSorted()[Math.max(0, logits.length - count)]!;
  const ids: number[] = [];
  for (const [id, logit] of logits.entries()) if (logit >= threshold) ids.push(id);
  return ids.sort((a, b) => logits[b]! - logits[a]! || a - b).slice(0, count);
}

/** Where the largest value stands, the first one of equals. */
export function argmax(values: Float32Array): number {
  let best = 0;
  for (let i = 1; i < values.length; i++) if (values[i]! > values[best]!) best = i;
  return best;
}
