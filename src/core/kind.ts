import { describeValue } from './describe-value.ts';
import { ensure } from './errors.ts';

/** Throws a TsgptError unless `value` has these properties, as everything of its kind has: `generate: give a tokenizer, but not 5`. */
export function ensureKind(operation: string, kind: string, value: unknown, ...properties: readonly string[]): void {
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
