import { ensure } from '../../core/errors.ts';
import type { Meter } from './meter.ts';
import { Dict, Lazy, NumberRange, Tuple, typeName, Undefined, type Value, View } from './values.ts';

/** What a loop over a value goes through; undefined if it cannot. */
export function iterable(value: Value): Iterable<Value> | undefined {
  if (typeof value === 'string' || Array.isArray(value)) return value;
  if (value instanceof Tuple || value instanceof View) return value.items;
  if (value instanceof Dict) return keysOf(value);
  if (value instanceof NumberRange) return numbersIn(value);
  // The same iterator goes on where it was.
  if (value instanceof Lazy) return { [Symbol.iterator]: () => value.iterator };
  return value instanceof Undefined ? [] : undefined;
}

function* keysOf(dict: Dict): Generator<Value> {
  for (const [key] of dict.entries.values()) yield key;
}

function* numbersIn(range: NumberRange): Generator<bigint> {
  for (let i = 0; i < range.length; i++) yield range.at(i);
}

/** What a loop over a value goes through; counts every item. */
export function iterate(meter: Meter, value: Value): Iterable<Value> {
  const values = iterable(value);
  ensure(values !== undefined, () => `a value of type ${typeName(value)} is no list to go through`);
  return counted(meter, values);
}

function* counted(meter: Meter, values: Iterable<Value>): Generator<Value> {
  for (const value of values) {
    meter.items(1);
    yield value;
  }
}

/** The pairs of key and value of a dict. */
export function pairsOf(meter: Meter, dict: Dict): Tuple[] {
  meter.items(dict.entries.size);
  return Array.from(dict.entries.values(), (entry) => new Tuple(entry));
}

/** All that a loop over a value would go through, as a new list. */
export function listed(meter: Meter, value: Value): Value[] {
  const items: Value[] = [];
  for (const item of iterate(meter, value)) items.push(item);
  return items;
}
