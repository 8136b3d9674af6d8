import * as v from 'valibot';
import { describeValue } from '../core/describe-value.ts';
import { ensure } from '../core/errors.ts';
import { ensureCount } from '../core/kind.ts';

/**
 * `required`: must be given. `defaulted`: may be omitted, and then has its default. `optional`: may be omitted, and is then absent from the
 * configuration.
 */
export type Presence = 'required' | 'defaulted' | 'optional';

/** A field of a configuration. */
export interface ConfigField<T = unknown, P extends Presence = Presence> {
  readonly kind: 'count' | 'probability' | 'positive number' | 'switch' | 'structure';
  /** The meaning of the field, in one line. */
  readonly help: string;
  /** For a switch: the effect of the value that is not the default, in one line. */
  readonly change?: string;
  readonly presence: P;
  readonly default: T | Derived | undefined;
  /** Checks the type of the value in JSON. */
  readonly schema: v.GenericSchema<T>;
  /** Throws a TsgptError if `value` is not allowed. */
  check(value: T, name: string): void;
}

/** A default that is computed from earlier fields. */
export interface Derived {
  /** A description such as `embDim / nHeads`. */
  readonly says: string;
  from(before: Readonly<Record<string, number>>): number;
}

export type NumberField<P extends Presence> = ConfigField<number, P>;

/** A whole number of at least 1. It is required if there is no default. */
export function count(help: string): NumberField<'required'>;
export function count(help: string, byDefault: number | Derived): NumberField<'defaulted'>;
export function count(help: string, byDefault?: number | Derived): NumberField<Presence> {
  return {
    ...{ kind: 'count', help, default: byDefault, schema: v.number() },
    presence: byDefault === undefined ? 'required' : 'defaulted',
    check: (value, name) => ensureCount(name, value),
  };
}

/** A whole number of at least 1 that may be omitted, for a part that the model then does not have. */
export function optionalCount(help: string): NumberField<'optional'> {
  return { ...count(help), presence: 'optional' };
}

/** A number of at least 0 and less than 1. */
export function probability(help: string, byDefault: number): NumberField<'defaulted'> {
  return {
    ...{ kind: 'probability', help, default: byDefault, schema: v.number(), presence: 'defaulted' },
    check: (value, name) =>
      ensure(value >= 0 && value < 1, `${name} must be at least 0 and less than 1, but is ${describeValue(value)}`),
  };
}

/** A number greater than 0 in float32. */
export function positive(help: string, byDefault: number): NumberField<'defaulted'> {
  return {
    ...{ kind: 'positive number', help, default: byDefault, schema: v.number(), presence: 'defaulted' },
    check: checkPositive,
  };
}

/** Throws a TsgptError if `value`, rounded to float32, is not finite and greater than 0. */
export function checkPositive(value: number, name: string): void {
  const inModel = Math.fround(Number(value));
  ensure(
    typeof value === 'number' && inModel > 0 && Number.isFinite(inModel),
    `${name} must be a number greater than 0 and within the range of float32, but is ${describeValue(value)}`,
  );
}

/** True or false. `change` describes the effect of the value that is not the default, in the imperative. */
export function toggle(help: string, byDefault: boolean, change: string): ConfigField<boolean, 'defaulted'> {
  return {
    ...{ kind: 'switch', help, change, default: byDefault, schema: v.boolean(), presence: 'defaulted' },
    check: (value, name) =>
      ensure(typeof value === 'boolean', `${name} must be true or false, but is ${describeValue(value)}`),
  };
}

/** A nested object, which may be omitted. */
export function structure<T>(
  help: string,
  schema: v.GenericSchema<T>,
  check: (value: T, name: string) => void,
): ConfigField<T, 'optional'> {
  return { kind: 'structure', help, default: undefined, schema, presence: 'optional', check };
}
