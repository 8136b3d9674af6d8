import { ensure } from '../../core/errors.ts';
import { quoted } from '../../core/printable.ts';
import { characters, partOf } from './code-points.ts';
import { hashOf, isEqual } from './compare.ts';
import { iterate } from './iterate.ts';
import type { Meter } from './meter.ts';
import { methodOf } from './methods.ts';
import {
  Callable,
  Dict,
  ensureDefined,
  Namespace,
  NumberRange,
  Tuple,
  typeName,
  Undefined,
  type Value,
} from './values.ts';

/** `value.name`: a method or field, else the item with this key. */
export function attributeOf(meter: Meter, value: Value, name: string): Value {
  ensureDefined(value);
  const attribute = ownAttribute(value, name);
  const found = attribute === undefined ? itemOrNothing(meter, value, name) : attribute;
  return found === undefined ? missing(value, name) : found;
}

/** `value[key]`: the item with this key, else the method or field of this name. */
export function itemOf(meter: Meter, value: Value, key: Value): Value {
  ensureDefined(value);
  const item = itemOrNothing(meter, value, key);
  const found = item === undefined && typeof key === 'string' ? ownAttribute(value, key) : item;
  return found === undefined ? missing(value, key) : found;
}

function missing(value: Value, key: Value): Undefined {
  const what = typeof key === 'string' ? `field ${quoted(key)}` : typeof key === 'bigint' ? `item ${key}` : 'such item';
  return new Undefined(`a value of type ${typeName(value)} has no ${what}`);
}

function ownAttribute(value: Value, name: string): Value | undefined {
  if (value instanceof Namespace) return value.fields.get(name);
  if (value instanceof Callable) return name === 'name' ? value.name : undefined;
  if (value instanceof Tuple && value.names.includes(name)) return value.items[value.names.indexOf(name)];
  if (typeof value === 'object' && value !== null && 'attribute' in value) return value.attribute(name);
  return methodOf(value, name);
}

function itemOrNothing(meter: Meter, value: Value, key: Value): Value | undefined {
  if (value instanceof Dict) {
    return Array.isArray(key) || key instanceof Dict ? undefined : value.entries.get(hashOf(meter, key))?.[1];
  }
  if (value instanceof Namespace) return typeof key === 'string' ? value.fields.get(key) : undefined;
  if (typeof key !== 'bigint' && typeof key !== 'boolean') return undefined;
  const index = Number(key);
  if (value instanceof NumberRange) {
    const at = index < 0 ? index + value.length : index;
    return at >= 0 && at < value.length ? value.at(at) : undefined;
  }
  meter.read(value);
  if (typeof value === 'string') return partOf(value, index, index === -1 ? undefined : index + 1) || undefined;
  const items = Array.isArray(value) ? value : value instanceof Tuple ? value.items : undefined;
  return items?.at(index);
}

/** `value[start:stop:step]`. */
export function sliceOf(meter: Meter, value: Value, bounds: (Value | undefined)[]): Value {
  ensureDefined(value);
  const [start, stop, step = 1] = bounds.map((bound) => {
    ensure(
      bound === undefined || bound === null || typeof bound === 'bigint' || typeof bound === 'boolean',
      () => `a slice needs whole numbers, not a value of type ${typeName(bound!)}`,
    );
    return bound === undefined || bound === null ? undefined : Number(bound);
  });
  ensure(step !== 0, 'the step of a slice cannot be 0');
  if (value instanceof NumberRange) {
    const places = placesOf(value.length, start, stop, step);
    return new NumberRange(
      value.start + places.start * value.step,
      value.start + places.stop * value.step,
      places.step * value.step,
    );
  }
  meter.read(value);
  const all = typeof value === 'string' ? characters(value) : value instanceof Tuple ? value.items : value;
  ensure(Array.isArray(all), () => `a value of type ${typeName(value)} cannot be sliced`);
  const { start: from, stop: to } = placesOf(all.length, start, stop, step);
  const taken: Value[] = [];
  for (let i = from; step > 0 ? i < to : i > to; i += step) taken.push(all[i]!);
  if (typeof value === 'string') return meter.text(taken.join(''));
  meter.items(taken.length);
  return value instanceof Tuple ? new Tuple(taken) : taken;
}

/** The bounds of a slice within `length` items. */
function placesOf(length: number, start: number | undefined, stop: number | undefined, step: number) {
  const [least, most] = step > 0 ? [0, length] : [-1, length - 1];
  const place = (bound: number | undefined, otherwise: number) => {
    if (bound === undefined) return otherwise;
    return Math.min(Math.max(bound < 0 ? bound + length : bound, least), most);
  };
  const [first, last] = step > 0 ? [0, length] : [length - 1, -1];
  return { start: place(start, first), stop: place(stop, last), step };
}

/** `needle in value`. */
export function contains(meter: Meter, value: Value, needle: Value): boolean {
  if (typeof value === 'string') {
    meter.read(value, needle);
    ensure(typeof needle === 'string', () => `a text cannot contain a value of type ${typeName(needle)}`);
    meter.search(value, needle);
    return value.includes(needle);
  }
  if (value instanceof Dict) return value.entries.has(hashOf(meter, needle));
  for (const item of iterate(meter, value)) if (isEqual(meter, item, needle)) return true;
  return false;
}
