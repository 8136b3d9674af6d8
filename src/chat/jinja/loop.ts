import { ensure } from '../../core/errors.ts';
import { isEqual } from './compare.ts';
import type { Meter } from './meter.ts';
import { type Arguments, Callable, type Instance, orUndefined, type Value } from './values.ts';

/**
 * The variable `loop`. It asks for an item, or for all of them, before their turn only if the template wants to know of them.
 * https://jinja.palletsprojects.com/en/stable/templates/#for
 */
export class Loop implements Instance {
  readonly type = 'loop';
  readonly #items: Iterator<Value>;
  /** Items that were asked for before their turn, from {@link #nextAhead} on. */
  #ahead: Value[] = [];
  #nextAhead = 0;
  readonly #depth: number;
  readonly #recurse: ((items: Value) => Value) | undefined;
  readonly #meter: Meter;
  #index = -1;
  #previous: Value | undefined;
  #item: Value | undefined;
  #changing: readonly Value[] | undefined;

  /** `recurse` runs the loop over other items, one level deeper. */
  constructor(meter: Meter, items: Iterable<Value>, depth: number, recurse?: (items: Value) => Value) {
    this.#meter = meter;
    this.#items = items[Symbol.iterator]();
    this.#depth = depth;
    this.#recurse = recurse;
  }

  /** The next item; undefined after the last one. */
  next(): Value | undefined {
    const item = this.#peek();
    if (item === undefined) return undefined;
    this.#nextAhead++;
    this.#previous = this.#item;
    this.#item = item;
    this.#index++;
    return item;
  }

  attribute(name: string): Value | undefined {
    switch (name) {
      case 'index':
        return BigInt(this.#index + 1);
      case 'index0':
        return BigInt(this.#index);
      case 'revindex':
        return BigInt(this.#length() - this.#index);
      case 'revindex0':
        return BigInt(this.#length() - this.#index - 1);
      case 'first':
        return this.#index === 0;
      case 'last':
        return this.#peek() === undefined;
      case 'length':
        return BigInt(this.#length());
      case 'depth':
        return BigInt(this.#depth + 1);
      case 'depth0':
        return BigInt(this.#depth);
      case 'previtem':
        return orUndefined(this.#previous, 'there is no previous item');
      case 'nextitem':
        return orUndefined(this.#peek(), 'there is no next item');
      case 'cycle':
        return new Callable('cycle', ({ positional }) => {
          ensure(positional.length > 0, 'cycle() needs values to choose from');
          return positional[this.#index % positional.length]!;
        });
      case 'changed':
        return new Callable('changed', ({ positional }) => this.#hasChanged(positional));
      default:
        return undefined;
    }
  }

  call(given: Arguments): Value {
    const [items] = given.take('loop()', 'items');
    ensure(this.#recurse, 'a loop can only be called if it is "recursive"');
    return this.#recurse(items!);
  }

  #peek(): Value | undefined {
    if (this.#nextAhead === this.#ahead.length) {
      const next = this.#items.next();
      this.#ahead = next.done ? [] : [next.value];
      this.#nextAhead = 0;
    }
    return this.#ahead[this.#nextAhead];
  }

  #length(): number {
    for (let next = this.#items.next(); !next.done; next = this.#items.next()) {
      this.#meter.items(1);
      this.#ahead.push(next.value);
    }
    return this.#index + 1 + this.#ahead.length - this.#nextAhead;
  }

  #hasChanged(values: readonly Value[]): boolean {
    const before = this.#changing;
    this.#changing = values;
    return !before || !isEqual(this.#meter, before, values);
  }
}
