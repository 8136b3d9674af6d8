import { ensure } from '../errors.ts';
import type { Random } from '../random/random.ts';

/** How the next token is chosen from the model's scores. */
export interface SamplingOptions {
  /** Below 1 likely tokens become likelier still, above 1 unlikely ones get a chance; 0 always takes the likeliest. */
  temperature?: number;
  /** Only the so many likeliest tokens can be chosen. */
  topK?: number;
  /** Only the likeliest tokens that together reach this probability can be chosen (Holtzman et al., 2020). */
  topP?: number;
}

/** Throws one clear sentence if tokens cannot be chosen by `options`. */
export function checkSamplingOptions({ temperature = 1, topK, topP }: SamplingOptions): void {
  ensure(temperature >= 0 && Number.isFinite(temperature), `the temperature must be at least 0, but is ${temperature}`);
  ensure(
    topK === undefined || (Number.isSafeInteger(topK) && topK >= 1),
    `topK must be a whole number of at least 1, but is ${topK}`,
  );
  ensure(topP === undefined || (topP > 0 && topP <= 1), `topP must be greater than 0 and at most 1, but is ${topP}`);
}

/** Chooses a token by its logit. */
export function sampleToken(logits: Float32Array, options: SamplingOptions, random: Random): number {
  const { temperature = 1 } = options;
  if (temperature === 0) return argmax(logits);
  const { ids, probabilities } = candidates(logits, options);
  let left = random.uniform() * probabilities.reduce((total, p) => total + p, 0);
  for (const [i, id] of ids.entries()) {
    left -= probabilities[i]!;
    if (left < 0) return id;
  }
  return ids.at(-1)!;
}

/** The tokens that can be chosen, likeliest first, and their probabilities, which add up to at most 1. */
export function candidates(
  logits: Float32Array,
  { temperature = 1, topK, topP }: SamplingOptions,
): { ids: number[]; probabilities: number[] } {
  const largest = logits.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  const weights = Float64Array.from(logits, (logit) => Math.exp((logit - largest) / temperature));
  const total = weights.reduce((a, b) => a + b, 0);
  let ids = Array.from(logits.keys()).sort((a, b) => logits[b]! - logits[a]! || a - b);
  if (topK !== undefined) ids = ids.slice(0, topK);
  if (topP !== undefined) {
    // The share is of what topK left, as in the reference implementation.
    const kept = ids.reduce((sum, id) => sum + weights[id]!, 0);
    let reached = 0;
    let count = 0;
    while (count < ids.length && reached < topP) reached += weights[ids[count++]!]! / kept;
    ids = ids.slice(0, count);
  }
  return { ids, probabilities: ids.map((id) => weights[id]! / total) };
}

/** Where the largest value stands, the first one of equals. */
export function argmax(values: Float32Array): number {
  let best = 0;
  for (let i = 1; i < values.length; i++) if (values[i]! > values[best]!) best = i;
  return best;
}
