import { describeValue } from '../../core/describe-value.ts';
import { ensure } from '../../core/errors.ts';

/** The options of optimisers that have bounds. Each optimiser has some of them. */
interface BoundedOptions {
  betas?: readonly [number, number] | undefined;
  eps?: number | undefined;
  weightDecay?: number | undefined;
  momentum?: number | undefined;
  nesterov?: boolean | undefined;
}

/** Throws a TsgptError if an optimiser's options are out of their bounds. */
export function checkOptimizerOptions({ betas, eps, weightDecay, momentum, nesterov }: BoundedOptions): void {
  for (const [name, value] of Object.entries({ weightDecay, eps })) {
    ensure(
      value === undefined || (Number.isFinite(value) && value >= 0),
      () => `${name} must be a number of at least 0, but is ${describeValue(value)}`,
    );
  }
  ensure(
    betas === undefined || (Array.isArray(betas) && betas.length === 2),
    () => `betas must be two numbers, but is ${describeValue(betas)}`,
  );
  for (const beta of betas ?? []) {
    ensure(beta >= 0 && beta < 1, () => `betas must be at least 0 and below 1, not ${describeValue(beta)}`);
  }
  ensure(
    momentum === undefined || (momentum >= 0 && momentum < 1),
    () => `momentum must be at least 0 and below 1, but is ${describeValue(momentum)}`,
  );
  ensure(
    nesterov === undefined || typeof nesterov === 'boolean',
    () => `nesterov must be true or false, but is ${describeValue(nesterov)}`,
  );
  ensure(
    !nesterov || momentum !== 0,
    'nesterov looks ahead along the momentum, but momentum is 0; leave one of them out',
  );
}
