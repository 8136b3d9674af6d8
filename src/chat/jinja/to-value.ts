import { Dict, type Value } from './values.ts';

/** A value of JavaScript as a template sees it. */
export function toValue(value: unknown): Value {
  if (value === undefined || value === null) return null;
  if (typeof value === 'number') return Number.isInteger(value) ? BigInt(value) : value;
  if (typeof value !== 'object') return value as Value;
  if (Array.isArray(value)) return value.map(toValue);
  if (Object.getPrototypeOf(value) !== Object.prototype) return value as Value;
  return Dict.of(Object.entries(value).map(([key, field]) => [key, toValue(field)]));
}
