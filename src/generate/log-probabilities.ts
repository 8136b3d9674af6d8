import { describeValue } from '../core/describe-value.ts';
import { ensure } from '../core/errors.ts';

/** A token and the natural logarithm of its probability. */
export interface ScoredToken {
  id: number;
  logProbability: number;
}

/** The log-probabilities of `id` and of the `count` likeliest tokens; empty if no count is given. */
export function logProbabilities(
  logits: Float32Array,
  id: number,
  count?: number,
): { logProbability?: number; likeliest?: ScoredToken[] } {
  if (count === undefined) return {};
  ensure(
    Number.isSafeInteger(count) && count >= 0,
    `logProbabilities must be a whole number of at least 0, but is ${describeValue(count)}`,
  );
  const total = logSumExp(logits);
  const threshold = count === 0 ? Number.POSITIVE_INFINITY : logits.toSorted()[Math.max(0, logits.length - count)]!;
  const likeliest: ScoredToken[] = [];
  for (const [id, logit] of logits.entries())
    if (logit >= threshold) likeliest.push({ id, logProbability: logit - total });
  likeliest.sort((a, b) => b.logProbability - a.logProbability || a.id - b.id);
  return { logProbability: logits[id]! - total, likeliest: likeliest.slice(0, count) };
}

/** log Σ exp(logit), without overflow. */
export function logSumExp(logits: Float32Array): number {
  const largest = logits.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  return largest + Math.log(logits.reduce((sum, logit) => sum + Math.exp(logit - largest), 0));
}
