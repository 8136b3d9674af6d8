import { ensure } from '../../core/errors.ts';
import { characters } from './code-points.ts';
import type { Meter } from './meter.ts';
import { Dict, Lazy, NumberRange, Tuple, typeName, Undefined, type Value, View } from './values.ts';

/** What a loop over a value goes through; undefined if it cannot. */
export function iterable(value: Value): Iterable<Value> | undefined {
  if (typeof value === 'string') return characters(value);
  if (Array.isArray(value)) return value;
  if (value instanceof Tuple || value instanceof View) return value.items;
  if (value instanceof Dict) return Array.from(value.entries.values(), ([key]) => key);
  if (value instanceof NumberRange) return numbersIn(value);
  // The same iterator goes on where it was.
  if (value instanceof Lazy) return { [Symbol.iterator]: () => value.iterator };
  return value instanceof Undefined ? [] : undefined;
}

function* numbersIn(range: NumberRange): Generator<bigint> {
  for (let i = 0; i < range.length; i++) yield range.at(i);
}

/** What a loop over a value goes through. */
export function iterate(value: Value): Iterable<Value> {
  const values = iterable(value);
  ensure(values, () => `a value of type ${typeName(value)} is no list to go through`);
  return values;
}

/** All that a loop over a value would go through, as a new list. */
export function listed(meter: Meter, value: Value): Value[] {
  const items: Value[] = [];
  for (const item of iterate(value)) {
    meter.items(1);
    items.push(item);
  }
  return items;
}
