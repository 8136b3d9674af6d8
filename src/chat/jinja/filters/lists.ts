import { ensure } from '../../../core/errors.ts';
import { attributeOf } from '../access.ts';
import { calculate } from '../arithmetic.ts';
import { integer, text } from '../check.ts';
import { characters, lengthOf } from '../code-points.ts';
import { hashOf, isEqual, isLess, sorted } from '../compare.ts';
import { iterate, listed, pairsOf } from '../iterate.ts';
import type { Meter } from '../meter.ts';
import { textOf } from '../text-of.ts';
import {
  type Arguments,
  Dict,
  isTrue,
  Lazy,
  NumberRange,
  orUndefined,
  Tuple,
  typeName,
  Undefined,
  type Value,
  View,
} from '../values.ts';
import { type Filters, plain } from './filter.ts';
import { attributeGetter, keyGetter } from './keys.ts';

/** Filters of lists and dicts. Those that Jinja2 computes item by item give generators here, too. */
export const listFilters: Filters = {
  attr: (input, given, meter) => {
    const name = text('attr', given.take('attr', 'name')[0]);
    // Only fields and methods count, not the items of a dict.
    return input instanceof Dict ? new Undefined(`a dict has no attribute ${name}`) : attributeOf(meter, input, name);
  },
  batch(input, given, meter) {
    const [size, filling = null] = given.take('batch', 'linecount', 'fill_with?');
    return new Lazy(batches(meter, iterate(meter, input), integer('batch', size), filling));
  },
  count: plain(length),
  default: orDefault,
  d: orDefault,
  dictsort(input, given, meter) {
    const [isCaseSensitive = false, by = 'key', reverse = false] = given.take(
      'dictsort',
      ...['case_sensitive?', 'by?', 'reverse?'],
    );
    ensure(by === 'key' || by === 'value', 'dictsort sorts by "key" or by "value"');
    ensure(input instanceof Dict, () => `dictsort needs a dict, not a value of type ${typeName(input)}`);
    const getKey = keyGetter(meter, by === 'key' ? 0n : 1n, isTrue(isCaseSensitive));
    return sorted(meter, pairsOf(meter, input), getKey, isTrue(reverse));
  },
  first: plain((input, meter) => {
    for (const item of iterate(meter, input)) return item;
    return new Undefined('an empty list has no first item');
  }),
  groupby(input, given, meter) {
    const [attribute, otherwise, isCaseSensitive = false] = given.take(
      'groupby',
      ...['attribute', 'default?', 'case_sensitive?'],
    );
    const get = attributeGetter(meter, attribute!, otherwise);
    const keyOf = (item: Value) => keyGetter(meter, undefined, isTrue(isCaseSensitive))(get(item));
    const groups: { key: Value; items: Value[] }[] = [];
    for (const item of sorted(meter, listed(meter, input), keyOf)) {
      const last = groups.at(-1);
      if (last && isEqual(meter, last.key, keyOf(item))) last.items.push(item);
      else groups.push({ key: keyOf(item), items: [item] });
    }
    return groups.map(({ items }) => new Tuple([get(items[0]!), items], ['grouper', 'list']));
  },
  items: plain((input, meter) => {
    if (input instanceof Undefined) return new Lazy([]);
    ensure(input instanceof Dict, () => `items needs a dict, not a value of type ${typeName(input)}`);
    return new Lazy(pairsOf(meter, input));
  }),
  join(input, given, meter) {
    const [between = '', attribute] = given.take('join', 'd?', 'attribute?');
    const get = attribute === undefined || attribute === null ? undefined : attributeGetter(meter, attribute);
    const separator = textOf(meter, between);
    const parts = listed(meter, input).map((item) => textOf(meter, get ? get(item) : item));
    return meter.joined(parts, separator);
  },
  last: plain((input, meter) => orUndefined(backwards(meter, input)[0], 'an empty list has no last item')),
  length: plain(length),
  list: plain((input, meter) => listed(meter, input)),
  max: (input, given, meter) => extreme(input, given, meter, 'max', (a, b) => isLess(meter, b, a)),
  min: (input, given, meter) => extreme(input, given, meter, 'min', (a, b) => isLess(meter, a, b)),
  reverse: plain((input, meter) => {
    const reversed = backwards(meter, input);
    return typeof input === 'string' ? reversed.join('') : new Lazy(reversed);
  }),
  slice(input, given, meter) {
    const [count, filling = null] = given.take('slice', 'slices', 'fill_with?');
    return new Lazy(columns(meter, listed(meter, input), integer('slice', count), filling));
  },
  sort(input, given, meter) {
    const [reverse = false, isCaseSensitive = false, attribute = null] = given.take(
      'sort',
      ...['reverse?', 'case_sensitive?', 'attribute?'],
    );
    const attributes: (Value | undefined)[] = typeof attribute === 'string' ? attribute.split(',') : [attribute];
    const getters = attributes.map((name) => keyGetter(meter, name, isTrue(isCaseSensitive)));
    return sorted(meter, listed(meter, input), (item) => getters.map((get) => get(item)), isTrue(reverse));
  },
  sum(input, given, meter) {
    const [attribute = null, start = 0n] = given.take('sum', 'attribute?', 'start?');
    const get = attribute === null ? undefined : attributeGetter(meter, attribute);
    let sum = start;
    for (const item of iterate(meter, input)) {
      sum = calculate(meter, '+', sum, get ? get(item) : item);
    }
    return sum;
  },
  unique(input, given, meter) {
    const [isCaseSensitive = false, attribute] = given.take('unique', 'case_sensitive?', 'attribute?');
    return new Lazy(different(meter, iterate(meter, input), keyGetter(meter, attribute, isTrue(isCaseSensitive))));
  },
};

function length(input: Value): bigint {
  if (typeof input === 'string') return BigInt(lengthOf(input));
  if (Array.isArray(input) || input instanceof NumberRange) return BigInt(input.length);
  if (input instanceof Tuple || input instanceof View) return BigInt(input.items.length);
  if (input instanceof Dict) return BigInt(input.entries.size);
  ensure(input instanceof Undefined, () => `a value of type ${typeName(input)} has no length`);
  return 0n;
}

function orDefault(input: Value, given: Arguments): Value {
  const [otherwise = '', isForFalse = false] = given.take('default', 'default_value?', 'boolean?');
  return input instanceof Undefined || (isTrue(isForFalse) && !isTrue(input)) ? otherwise : input;
}

function backwards(meter: Meter, input: Value): Value[] {
  ensure(!(input instanceof Lazy), 'a generator cannot be read backwards; make a list of it first');
  return typeof input === 'string' ? characters(input).reverse() : listed(meter, input).reverse();
}

function* batches(meter: Meter, values: Iterable<Value>, size: number, filling: Value): Generator<Value> {
  let batch: Value[] = [];
  for (const value of values) {
    if (batch.length === size) {
      yield batch;
      batch = [];
    }
    batch.push(value);
  }
  if (batch.length === 0) return;
  if (filling !== null) {
    meter.items(Math.max(0, size - batch.length));
    while (batch.length < size) batch.push(filling);
  }
  yield batch;
}

function* columns(meter: Meter, items: Value[], count: number, filling: Value): Generator<Value> {
  ensure(count > 0, 'slice needs at least one slice');
  const length = Math.floor(items.length / count);
  const longer = items.length % count;
  let from = 0;
  for (let column = 0; column < count; column++) {
    const to = from + length + (column < longer ? 1 : 0);
    meter.step();
    const slice = items.slice(from, to);
    yield filling !== null && column >= longer ? [...slice, filling] : slice;
    from = to;
  }
}

function* different(meter: Meter, values: Iterable<Value>, keyOf: (item: Value) => Value): Generator<Value> {
  const seen = new Set<string>();
  for (const value of values) {
    const hash = hashOf(meter, keyOf(value));
    if (seen.has(hash)) continue;
    seen.add(hash);
    yield value;
  }
}

function extreme(
  input: Value,
  given: Arguments,
  meter: Meter,
  name: string,
  isBetter: (a: Value, b: Value) => boolean,
): Value {
  const [isCaseSensitive = false, attribute] = given.take(name, 'case_sensitive?', 'attribute?');
  const keyOf = keyGetter(meter, attribute, isTrue(isCaseSensitive));
  let best: Value | undefined;
  for (const item of iterate(meter, input)) if (best === undefined || isBetter(keyOf(item), keyOf(best))) best = item;
  return orUndefined(best, `an empty list has no ${name}`);
}
