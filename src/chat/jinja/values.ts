import { ensure } from '../../core/errors.ts';
import { quoted } from '../../core/printable.ts';
import type { Meter } from './meter.ts';

/**
 * A value of a template, which is one of Python's: None is null, an int is a bigint, and a float is a number. Templates cannot change lists and
 * dicts.
 */
export type Value =
  | null
  | boolean
  | bigint
  | number
  | string
  | readonly Value[]
  | Tuple
  | Dict
  | View
  | NumberRange
  | Lazy
  | Namespace
  | Callable
  | Instance
  | Undefined;

/** What a missing variable or field is. Most uses of it are errors, which say `problem`. */
export class Undefined {
  readonly problem: string;
  constructor(problem: string) {
    this.problem = problem;
  }
}

/** @throws TsgptError with the problem of a value that is undefined */
export function ensureDefined(...values: Value[]): void {
  for (const value of values) if (value instanceof Undefined) ensure(false, value.problem);
}

/** `value`, or if there is none, not even null, an {@link Undefined}. */
export function orUndefined(value: Value | undefined, problem: string): Value {
  return value === undefined ? new Undefined(problem) : value;
}

export class Tuple {
  readonly items: readonly Value[];
  /** Names for the items, as in Python's named tuples. */
  readonly names: readonly string[];
  constructor(items: readonly Value[], names: readonly string[] = []) {
    this.items = items;
    this.names = names;
  }
}

/** A dict: its entries in order, by the hash of their key (see {@link hashOf}). */
export class Dict {
  readonly entries = new Map<string, readonly [key: Value, value: Value]>();

  /** A dict whose keys are texts. */
  static of(fields: Iterable<readonly [string, Value]>): Dict {
    const dict = new Dict();
    for (const [key, value] of fields) dict.entries.set(textHash(key), [key, value]);
    return dict;
  }

  /** The value of a key that is a text. */
  field(name: string): Value | undefined {
    return this.entries.get(textHash(name))?.[1];
  }
}

const textHash = (text: string) => `s${text}`;

/** What `items()`, `keys()` and `values()` of a dict are. */
export class View {
  readonly kind: 'dict_items' | 'dict_keys' | 'dict_values';
  readonly items: readonly Value[];
  constructor(kind: View['kind'], items: readonly Value[]) {
    this.kind = kind;
    this.items = items;
  }
}

/** Whole numbers from `start` up to `stop`, without it. */
export class NumberRange {
  readonly start: number;
  readonly stop: number;
  readonly step: number;
  constructor(start: number, stop: number, step: number) {
    this.start = start;
    this.stop = stop;
    this.step = step;
  }
  get length(): number {
    return Math.max(0, Math.ceil((this.stop - this.start) / this.step));
  }
  at(index: number): bigint {
    return BigInt(this.start + index * this.step);
  }
}

/** A generator: values that are made when they are asked for, once. */
export class Lazy {
  readonly iterator: Iterator<Value>;
  constructor(values: Iterable<Value>) {
    this.iterator = values[Symbol.iterator]();
  }
}

/** The only value that a template can change: `{% set ns.x = 1 %}`. */
export class Namespace {
  readonly fields: Map<string, Value>;
  constructor(fields: Iterable<readonly [string, Value]>) {
    this.fields = new Map(fields);
  }
}

/** A function, a method or a macro. */
export class Callable {
  readonly name: string;
  readonly call: (given: Arguments, meter: Meter) => Value;
  constructor(name: string, call: (given: Arguments, meter: Meter) => Value) {
    this.name = name;
    this.call = call;
  }
}

/** An object with fields that a template can read, such as `loop`. */
export interface Instance {
  readonly type: string;
  attribute(name: string): Value | undefined;
  call?(given: Arguments, meter: Meter): Value;
}

/** The name of a value's type in Python. */
export function typeName(value: Value): string {
  if (value === null) return 'None';
  if (typeof value === 'string') return 'str';
  if (typeof value === 'boolean') return 'bool';
  if (typeof value === 'bigint') return 'int';
  if (typeof value === 'number') return 'float';
  if (Array.isArray(value)) return 'list';
  if (value instanceof Tuple) return 'tuple';
  if (value instanceof Dict) return 'dict';
  if (value instanceof View) return value.kind;
  if (value instanceof NumberRange) return 'range';
  if (value instanceof Lazy) return 'generator';
  if (value instanceof Namespace) return 'namespace';
  if (value instanceof Callable) return 'function';
  if (value instanceof Undefined) return 'undefined';
  return (value as Instance).type;
}

/** Whether a condition with this value holds: as Python's `bool`, not for 0, none, or what is empty or undefined. */
export function isTrue(value: Value): boolean {
  if (Array.isArray(value)) return value.length > 0;
  if (value instanceof Tuple || value instanceof View) return value.items.length > 0;
  if (value instanceof Dict) return value.entries.size > 0;
  if (value instanceof NumberRange) return value.length > 0;
  if (value instanceof Undefined) return false;
  return Number.isNaN(value) || Boolean(value);
}

/** What a function, filter or test is called with. */
export class Arguments {
  readonly positional: readonly Value[];
  readonly named: ReadonlyMap<string, Value>;

  constructor(positional: readonly Value[] = [], named: ReadonlyMap<string, Value> = new Map()) {
    this.positional = positional;
    this.named = named;
  }

  /** All values, whether by position or by name. */
  all(): Value[] {
    return [...this.positional, ...this.named.values()];
  }

  /** The values of parameters, which may be given by position or by name. One whose name ends in `?` may be missing. */
  take(callee: string, ...parameters: string[]): (Value | undefined)[] {
    const names = parameters.map((parameter) => parameter.replace('?', ''));
    ensure(
      this.positional.length <= names.length,
      () => `${callee} takes at most ${names.length} arguments, but got ${this.positional.length}`,
    );
    for (const name of this.named.keys()) {
      const position = names.indexOf(name);
      ensure(position >= 0, () => `${callee} has no argument named ${quoted(name)}`);
      ensure(position >= this.positional.length, () => `${callee} got its argument ${quoted(name)} twice`);
    }
    return names.map((name, i) => {
      const value = i < this.positional.length ? this.positional[i] : this.named.get(name);
      ensure(value !== undefined || parameters[i]!.endsWith('?'), `${callee} needs its argument "${name}"`);
      return value;
    });
  }

  /** The arguments after the first few. */
  after(count: number): Arguments {
    return new Arguments(this.positional.slice(count), this.named);
  }
}
