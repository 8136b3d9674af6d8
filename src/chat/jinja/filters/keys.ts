import { ensure } from '../../../core/errors.ts';
import { itemOf } from '../access.ts';
import type { Meter } from '../meter.ts';
import { typeName, Undefined, type Value } from '../values.ts';

/** The field of an item that the argument `attribute` of a filter names: `'a.b'` for a field of a field, or a number. */
export function attributeGetter(meter: Meter, attribute: Value, otherwise?: Value): (item: Value) => Value {
  const path = pathOf(attribute);
  return (item) =>
    path.reduce<Value>((value, key) => {
      meter.step();
      const found = itemOf(meter, value, key);
      return otherwise !== undefined && found instanceof Undefined ? otherwise : found;
    }, item);
}

function pathOf(attribute: Value): Value[] {
  if (typeof attribute === 'bigint') return [attribute];
  ensure(
    typeof attribute === 'string',
    () => `an attribute is a name or a number, not a value of type ${typeName(attribute)}`,
  );
  return attribute.split('.').map((part) => (/^\d+$/.test(part) ? BigInt(part) : part));
}

/** What items are compared by: a field of them, if one is named, and without telling capital letters from small ones if so wished. */
export function keyGetter(
  meter: Meter,
  attribute: Value | undefined,
  isCaseSensitive: boolean,
): (item: Value) => Value {
  const get = attribute === undefined || attribute === null ? undefined : attributeGetter(meter, attribute);
  return (item) => {
    const key = get ? get(item) : item;
    return typeof key === 'string' && !isCaseSensitive ? meter.text(key.toLowerCase()) : key;
  };
}
