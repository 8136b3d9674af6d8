import { describeValue } from '../core/describe-value.ts';
import { ensure } from '../core/errors.ts';

/** Throws a TsgptError unless `limit` is a positive whole number, or Infinity for no limit. */
export function checkLimit(limit: number): void {
  ensure(
    limit === Number.POSITIVE_INFINITY || (Number.isSafeInteger(limit) && limit >= 1),
    `the limit must be a whole number of at least 1, but is ${describeValue(limit)}`,
  );
}
