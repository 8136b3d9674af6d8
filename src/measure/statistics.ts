import { describeValue } from '../core/describe-value.ts';
import { ensure } from '../core/errors.ts';
import { ensureCount, ensureKind, ensureNumber } from '../core/kind.ts';

/** The mean of a sample, and its standard error as an estimate of the true mean. */
export interface Estimate {
  readonly value: number;
  /** NaN for fewer than two cases. */
  readonly standardError: number;
}

/**
 * The running mean of numbers, by Welford's method (1962): it stores no numbers and is numerically stable.
 *
 * The standard error assumes independent cases: √(s² / n), where s² is the unbiased variance. For cases that are right (1) or
 * wrong (0) this is √(p (1 - p) / (n - 1)).
 */
export class RunningMean {
  count = 0;
  #mean = 0;
  #squaredDeviations = 0;

  add(value: number): void {
    ensure(typeof value === 'number', () => `add: the value must be a number, but is ${describeValue(value)}`);
    this.count++;
    const deviation = value - this.#mean;
    this.#mean += deviation / this.count;
    this.#squaredDeviations += deviation * (value - this.#mean);
  }

  get estimate(): Estimate {
    const { count } = this;
    const standardError = count < 2 ? Number.NaN : Math.sqrt(this.#squaredDeviations / (count - 1) / count);
    return { value: count === 0 ? Number.NaN : this.#mean, standardError };
  }
}

/** A 95% interval reaches this many standard errors to either side of the mean. */
const standardErrors = 1.96;

/** The 95% interval of the perplexity, from a mean loss in nats. */
export function perplexityInterval(loss: Estimate): readonly [low: number, high: number] {
  ensureKind('perplexityInterval', 'an estimate', loss, 'value', 'standardError');
  const [value, standardError] = [Number(loss.value), Number(loss.standardError)];
  return [Math.exp(value - standardErrors * standardError), Math.exp(value + standardErrors * standardError)];
}

/**
 * The 95% interval of a share of right cases, by Wilson's method (1927). It stays between 0 and 1 and has a width even if no case or every
 * case is right. NaN without cases.
 */
export function shareInterval(share: number, cases: number): readonly [low: number, high: number] {
  ensureCount('the number of cases', cases, 0);
  if (cases === 0) return [Number.NaN, Number.NaN];
  ensureNumber('shareInterval', 'the share', share);
  const z2 = standardErrors ** 2;
  const middle = (share + z2 / (2 * cases)) / (1 + z2 / cases);
  const reach = (standardErrors * Math.sqrt((share * (1 - share)) / cases + z2 / (4 * cases ** 2))) / (1 + z2 / cases);
  return [Math.max(0, middle - reach), Math.min(1, middle + reach)];
}
