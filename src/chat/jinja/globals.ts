import { ensure } from '../../core/errors.ts';
import { integer, text } from './check.ts';
import { hashOf } from './compare.ts';
import { iterate, listed } from './iterate.ts';
import type { Meter } from './meter.ts';
import { strftime } from './strftime.ts';
import { textOf } from './text-of.ts';
import {
  type Arguments,
  Callable,
  Dict,
  ensureDefined,
  type Instance,
  Namespace,
  NumberRange,
  typeName,
  type Value,
} from './values.ts';

/** The most items of a range, as in Jinja2's sandbox. */
const longestRange = 100_000;

/** The functions that every chat template can call: Jinja2's and those of Hugging Face's library. */
export const globals: readonly (readonly [string, Value])[] = [
  func('range', (given) => {
    const [first, second, step = 1n] = given.take('range()', 'start', 'stop?', 'step?');
    const [start, stop, by] = [second === undefined ? 0n : first, second === undefined ? first : second, step].map(
      (bound) => integer('range()', bound),
    );
    ensure(by !== 0, 'the step of range() cannot be 0');
    const range = new NumberRange(start!, stop!, by!);
    ensure(range.length <= longestRange, `range() makes at most ${longestRange} numbers`);
    return range;
  }),
  func('dict', (given, meter) => dictOf(given, meter)),
  func('namespace', (given, meter) => {
    const { entries } = dictOf(given, meter);
    return new Namespace(Array.from(entries.values(), ([key, value]) => [textOf(meter, key), value] as const));
  }),
  func('cycler', ({ positional }) => cycler(positional)),
  func('joiner', (given, meter) => {
    const [separator = ', '] = given.take('joiner()', 'sep?');
    return joiner(textOf(meter, separator));
  }),
  func('raise_exception', (given, meter) => {
    const [message] = given.take('raise_exception()', 'message');
    ensure(false, textOf(meter, message!));
  }),
  func('strftime_now', (given) => {
    const [format] = given.take('strftime_now()', 'format');
    return strftime(new Date(), text('strftime_now()', format));
  }),
];

function func(name: string, call: (given: Arguments, meter: Meter) => Value): readonly [string, Value] {
  return [name, new Callable(name, call)];
}

/** `dict(other, a=1)`: the entries of another dict or of a list of pairs, and some more. */
function dictOf({ positional, named }: Arguments, meter: Meter): Dict {
  ensure(positional.length <= 1, 'dict() and namespace() take one dict, and fields by name');
  const dict = new Dict();
  const [base] = positional;
  if (base !== undefined) ensureDefined(base);
  const add = (key: Value, value: Value) => dict.entries.set(hashOf(meter, key), [key, value]);
  if (base instanceof Dict) for (const [key, value] of base.entries.values()) add(key, value);
  else if (base !== undefined) {
    for (const item of iterate(meter, base)) {
      const pair = listed(meter, item);
      ensure(pair.length === 2, () => `dict() needs pairs, but an item of type ${typeName(item)} has ${pair.length}`);
      add(pair[0]!, pair[1]!);
    }
  }
  meter.items(dict.entries.size);
  for (const [name, value] of named) add(name, value);
  return dict;
}

/** Gives its values one after the other, again and again. */
function cycler(values: readonly Value[]): Instance {
  ensure(values.length > 0, 'cycler() needs values');
  let position = 0;
  const methods: Record<string, () => Value> = {
    next: () => values[position++ % values.length]!,
    reset() {
      position = 0;
      return null;
    },
  };
  return {
    type: 'cycler',
    attribute(name) {
      if (name === 'current') return values[position % values.length]!;
      return Object.hasOwn(methods, name) ? new Callable(name, methods[name]!) : undefined;
    },
  };
}

/** Gives nothing the first time it is called, and the separator from then on. */
function joiner(separator: string): Instance {
  let isUsed = false;
  return {
    type: 'joiner',
    attribute: () => undefined,
    call() {
      const text = isUsed ? separator : '';
      isUsed = true;
      return text;
    },
  };
}
