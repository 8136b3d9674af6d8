import { describeValue } from './describe-value.ts';
import { ensure } from './errors.ts';

/** Throws a TsgptError unless `value` has these properties, as everything of its kind has: `generate: give a tokenizer, but not 5`. */
export function ensureKind(
  operation: string,
  kind: string,
  value: unknown,
  ...properties: readonly PropertyKey[]
): void {
  const isObject = (typeof value === 'object' && value !== null) || typeof value === 'function';
  ensure(
    isObject && properties.every((property) => property in value),
    () => `${operation}: give ${kind}, but not ${describeValue(value)}`,
  );
}

/** Throws a TsgptError unless `value` is a text. */
export function ensureString(operation: string, what: string, value: unknown): asserts value is string {
  ensure(typeof value === 'string', () => `${operation}: ${what} must be a text, but is ${describeValue(value)}`);
}

/** Throws a TsgptError unless `value` is an array of token ids, or of any numbers in a typed array. */
export function ensureIds(operation: string, what: string, value: unknown): void {
  ensure(
    Array.isArray(value) || (ArrayBuffer.isView(value) && 'length' in value),
    () => `${operation}: ${what} must be an array of token ids, but is ${describeValue(value)}`,
  );
}

/** Throws a TsgptError unless `value` is an array, each element of which has these properties, if any are named. */
export function ensureList(operation: string, what: string, value: unknown, ...properties: readonly string[]): void {
  ensure(Array.isArray(value), () => `${operation}: ${what} must be an array, but is ${describeValue(value)}`);
  if (properties.length === 0) return;
  const kind = `${what} with ${properties.join(', ')} each`;
  for (const element of value) ensureKind(operation, kind, element, ...properties);
}

/** Throws a TsgptError unless `value` is an array of texts. */
export function ensureTexts(operation: string, what: string, value: unknown): void {
  ensureList(operation, what, value);
  for (const text of value as unknown[]) ensureString(operation, `each of ${what}`, text);
}

/** Throws a TsgptError unless `value` is a function. */
export function ensureFunction(operation: string, what: string, value: unknown): void {
  ensure(typeof value === 'function', () => `${operation}: ${what} must be a function, but is ${describeValue(value)}`);
}

/** Throws a TsgptError unless `value` is true or false. */
export function ensureBoolean(operation: string, what: string, value: unknown): void {
  ensure(
    typeof value === 'boolean',
    () => `${operation}: ${what} must be true or false, but is ${describeValue(value)}`,
  );
}

/** Throws a TsgptError unless `value` is a number and not NaN. */
export function ensureNumber(operation: string, what: string, value: unknown): void {
  ensure(
    typeof value === 'number' && !Number.isNaN(value),
    () => `${operation}: ${what} must be a number, but is ${describeValue(value)}`,
  );
}

/** Throws a TsgptError unless `value` is a whole number of at least `least`, which defaults to 1. */
export function ensureCount(what: string, value: unknown, least = 1): void {
  ensure(
    Number.isSafeInteger(value) && (value as number) >= least,
    () => `${what} must be a whole number of at least ${least}, but is ${describeValue(value)}`,
  );
}
