import { ensure } from '../../../core/errors.ts';
import { text } from '../check.ts';
import { iterate } from '../iterate.ts';
import type { Meter } from '../meter.ts';
import { testNamed } from '../tests.ts';
import { type Arguments, isTrue, Lazy, type Value } from '../values.ts';
import type { FilterFunction, Filters } from './filter.ts';
import { attributeGetter } from './keys.ts';

/** Filters that apply filters and tests to each item. */
export function choiceFilters(filterNamed: (name: string) => FilterFunction): Filters {
  return {
    map(input, given, meter) {
      if (given.positional.length === 0 && given.named.has('attribute')) {
        const [attribute, otherwise] = given.take('map', 'attribute', 'default?');
        return new Lazy(mapped(meter, input, attributeGetter(meter, attribute!, otherwise)));
      }
      const [name] = given.positional;
      ensure(name !== undefined, 'map needs the name of a filter, or an attribute');
      const filter = filterNamed(text('map', name));
      const rest = given.after(1);
      return new Lazy(mapped(meter, input, (item) => filter(item, rest, meter)));
    },
    select: (input, given, meter) => chosen(input, given, meter, true),
    reject: (input, given, meter) => chosen(input, given, meter, false),
    selectattr: (input, given, meter) => chosenByAttribute(input, given, meter, true),
    rejectattr: (input, given, meter) => chosenByAttribute(input, given, meter, false),
  };
}

/** What counts as false has no items, even if it is no list. */
const itemsOf = (meter: Meter, input: Value) => (isTrue(input) ? iterate(meter, input) : []);

function* mapped(meter: Meter, input: Value, change: (item: Value) => Value): Generator<Value> {
  for (const value of itemsOf(meter, input)) yield change(value);
}

function chosen(input: Value, given: Arguments, meter: Meter, wanted: boolean): Lazy {
  return new Lazy(filtered(meter, input, condition(given, meter), wanted));
}

function chosenByAttribute(input: Value, given: Arguments, meter: Meter, wanted: boolean): Lazy {
  const [attribute] = given.positional;
  ensure(attribute !== undefined, 'selectattr and rejectattr need the name of an attribute');
  const get = attributeGetter(meter, attribute);
  const holds = condition(given.after(1), meter);
  return new Lazy(filtered(meter, input, (item) => holds(get(item)), wanted));
}

/** The test that the first argument names; without one, whether a value counts as true. */
function condition(given: Arguments, meter: Meter): (value: Value) => boolean {
  const [name] = given.positional;
  if (name === undefined) return isTrue;
  const test = testNamed(text('select', name));
  const rest = given.after(1);
  return (value) => test(value, rest, meter);
}

function* filtered(meter: Meter, input: Value, holds: (item: Value) => boolean, wanted: boolean): Generator<Value> {
  for (const value of itemsOf(meter, input)) if (holds(value) === wanted) yield value;
}
