import { ensure } from '../../core/errors.ts';
import { compareTexts } from './code-points.ts';
import type { Meter } from './meter.ts';
import { Dict, ensureDefined, NumberRange, Tuple, typeName, Undefined, type Value } from './values.ts';

const isNumber = (value: Value): value is boolean | bigint | number =>
  typeof value === 'boolean' || typeof value === 'bigint' || typeof value === 'number';

/** Python's `==`: 1, 1.0 and true are equal, and lists are by their items. */
export function isEqual(meter: Meter, a: Value, b: Value): boolean {
  meter.step();
  // biome-ignore lint/suspicious/noDoubleEquals: a whole number and a float are compared by value
  if (isNumber(a) && isNumber(b)) return a == b;
  if (typeof a === 'string' && typeof b === 'string' && a.length === b.length) meter.read(a, b);
  if (Array.isArray(a) && Array.isArray(b)) return haveEqualItems(meter, a, b);
  if (a instanceof Tuple && b instanceof Tuple) return haveEqualItems(meter, a.items, b.items);
  if (a instanceof Undefined && b instanceof Undefined) return true;
  if (a instanceof NumberRange && b instanceof NumberRange) {
    return a.length === b.length && (a.length === 0 || (a.start === b.start && (a.length === 1 || a.step === b.step)));
  }
  if (a instanceof Dict && b instanceof Dict) {
    if (a.entries.size !== b.entries.size) return false;
    for (const [hash, [, value]] of a.entries) {
      const other = b.entries.get(hash);
      if (!other || !isEqual(meter, value, other[1])) return false;
    }
    return true;
  }
  return a === b;
}

function haveEqualItems(meter: Meter, a: readonly Value[], b: readonly Value[]): boolean {
  return a.length === b.length && a.every((item, i) => isEqual(meter, item, b[i]!));
}

/** Python's `<`. */
export function isLess(meter: Meter, a: Value, b: Value): boolean {
  meter.step();
  if (isNumber(a) && isNumber(b)) return a < b;
  if (typeof a === 'string' && typeof b === 'string') {
    meter.read(a, b);
    return compareTexts(a, b) < 0;
  }
  if (Array.isArray(a) && Array.isArray(b)) return hasLessItems(meter, a, b);
  if (a instanceof Tuple && b instanceof Tuple) return hasLessItems(meter, a.items, b.items);
  ensureDefined(a, b);
  ensure(false, `values of the types ${typeName(a)} and ${typeName(b)} have no order`);
}

function hasLessItems(meter: Meter, a: readonly Value[], b: readonly Value[]): boolean {
  for (const [i, item] of a.entries()) {
    const other = b[i];
    if (other === undefined) return false;
    if (!isEqual(meter, item, other)) return isLess(meter, item, other);
  }
  return a.length < b.length;
}

/** Sorts by what `keyOf` says, as Python's `sorted` does: equal ones keep their order, also from last to first. */
export function sorted(
  meter: Meter,
  values: readonly Value[],
  keyOf: (value: Value) => Value,
  reverse = false,
): Value[] {
  const keyed = values.map((value) => [keyOf(value), value] as const);
  const less = (a: Value, b: Value) => (reverse ? isLess(meter, b, a) : isLess(meter, a, b));
  keyed.sort(([a], [b]) => (less(a, b) ? -1 : less(b, a) ? 1 : 0));
  return keyed.map(([, value]) => value);
}

/** Equal keys of a dict have the same hash. */
export function hashOf(meter: Meter, key: Value): string {
  meter.step();
  meter.read(key);
  if (typeof key === 'string') return `s${key}`;
  if (key === null) return 'None';
  if (isNumber(key)) {
    const whole = typeof key === 'bigint' || Number.isInteger(Number(key));
    return `n${whole ? BigInt(key) : key}`;
  }
  ensure(key instanceof Tuple, () => `a value of type ${typeName(key)} cannot be a key`);
  const items = key.items.map((item) => hashOf(meter, item));
  // With the length of each part, no two tuples are written alike.
  return meter.text(`t${items.map((hash) => `${hash.length}:${hash}`).join('')}`);
}

/** Python's `<=`. */
export function isAtMost(meter: Meter, a: Value, b: Value): boolean {
  return isLess(meter, a, b) || isEqual(meter, a, b);
}
