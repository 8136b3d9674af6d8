import { ensure } from '../../core/errors.ts';
import { hashOf, isEqual } from './compare.ts';
import { listed, pairsOf } from './iterate.ts';
import type { Meter } from './meter.ts';
import { stringMethods } from './string-methods.ts';
import { type Arguments, Callable, Dict, Tuple, type Value, View } from './values.ts';

/** The method of a value; undefined if it has none of this name. Methods that change a value are left out, as in Hugging Face's library. */
export function methodOf(value: Value, name: string): Callable | undefined {
  if (typeof value === 'string') return bound(stringMethods, value, name);
  if (value instanceof Dict) return bound(dictMethods, value, name);
  if (Array.isArray(value)) return bound(listMethods, value, name);
  return value instanceof Tuple ? bound(listMethods, value.items, name) : undefined;
}

function bound<Self>(
  methods: Record<string, (self: Self, given: Arguments, meter: Meter) => Value>,
  self: Self,
  name: string,
): Callable | undefined {
  const method = Object.hasOwn(methods, name) ? methods[name] : undefined;
  if (!method) return undefined;
  return new Callable(name, (given, meter) => {
    meter.read(self);
    // Most methods of texts look for one in the other.
    if (typeof self === 'string')
      for (const value of given.all()) if (typeof value === 'string') meter.search(self, value);
    return method(self, given, meter);
  });
}

const dictMethods: Record<string, (self: Dict, given: Arguments, meter: Meter) => Value> = {
  get(self, given, meter) {
    const [key, otherwise = null] = given.take('get()', 'key', 'default?');
    const entry = self.entries.get(hashOf(meter, key!));
    return entry ? entry[1] : otherwise;
  },
  items: (self, _, meter) => new View('dict_items', pairsOf(meter, self)),
  keys: (self, _, meter) => new View('dict_keys', listed(meter, self)),
  values: (self, _, meter) =>
    new View(
      'dict_values',
      pairsOf(meter, self).map(({ items }) => items[1]!),
    ),
  copy: (self) => self,
};

const listMethods: Record<string, (self: readonly Value[], given: Arguments, meter: Meter) => Value> = {
  count(self, given, meter) {
    const [wanted] = given.take('count()', 'value');
    return BigInt(self.filter((item) => isEqual(meter, item, wanted!)).length);
  },
  index(self, given, meter) {
    const [wanted] = given.take('index()', 'value');
    const index = self.findIndex((item) => isEqual(meter, item, wanted!));
    ensure(index >= 0, 'index() did not find the value in the list');
    return BigInt(index);
  },
  copy: (self) => self,
};
