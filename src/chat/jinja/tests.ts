import { ensure } from '../../core/errors.ts';
import { quoted } from '../../core/printable.ts';
import { contains } from './access.ts';
import { calculate } from './arithmetic.ts';
import { isAtMost, isEqual, isLess } from './compare.ts';
import { iterable } from './iterate.ts';
import type { Meter } from './meter.ts';
import { isLower, isUpper } from './strings.ts';
import { textOf } from './text-of.ts';
import { type Arguments, Callable, Dict, NumberRange, Tuple, Undefined, type Value } from './values.ts';

/** A test: `value is name(given)`. */
type TestFunction = (value: Value, given: Arguments, meter: Meter) => boolean;

const other = (given: Arguments) => given.take('a test', 'value')[0]!;
const isWhole = (value: Value) => typeof value === 'bigint';

const equals: TestFunction = (value, given, meter) => isEqual(meter, value, other(given));
const differs: TestFunction = (value, given, meter) => !isEqual(meter, value, other(given));
const less: TestFunction = (value, given, meter) => isLess(meter, value, other(given));
const greater: TestFunction = (value, given, meter) => isLess(meter, other(given), value);
const notLess: TestFunction = (value, given, meter) => isAtMost(meter, other(given), value);
const notGreater: TestFunction = (value, given, meter) => isAtMost(meter, value, other(given));

const remainder = (meter: Meter, value: Value, divisor: Value) => calculate(meter, '%', value, divisor);

/** https://jinja.palletsprojects.com/en/stable/templates/#builtin-tests */
const tests: Record<string, TestFunction> = {
  boolean: (value) => typeof value === 'boolean',
  callable: (value) =>
    value instanceof Callable ||
    value instanceof Undefined ||
    (typeof value === 'object' && value !== null && 'call' in value && !!value.call),
  defined: (value) => !(value instanceof Undefined),
  undefined: (value) => value instanceof Undefined,
  divisibleby: (value, given, meter) => isEqual(meter, remainder(meter, value, other(given)), 0n),
  even: (value, _, meter) => isEqual(meter, remainder(meter, value, 2n), 0n),
  odd: (value, _, meter) => isEqual(meter, remainder(meter, value, 2n), 1n),
  escaped: () => false,
  false: (value) => value === false,
  true: (value) => value === true,
  none: (value) => value === null,
  float: (value) => typeof value === 'number',
  integer: isWhole,
  number: (value) => typeof value === 'boolean' || isWhole(value) || typeof value === 'number',
  string: (value) => typeof value === 'string',
  mapping: (value) => value instanceof Dict,
  sequence: (value) =>
    typeof value === 'string' ||
    Array.isArray(value) ||
    [Tuple, Dict, NumberRange, Undefined].some((type) => value instanceof type),
  iterable: (value) => iterable(value) !== undefined,
  in: (value, given, meter) => contains(meter, other(given), value),
  sameas: (value, given) => Object.is(value, other(given)),
  lower: (value, _, meter) => isLower(textOf(meter, value)),
  upper: (value, _, meter) => isUpper(textOf(meter, value)),
  ...{ eq: equals, equalto: equals, '==': equals, ne: differs, '!=': differs },
  ...{ lt: less, lessthan: less, '<': less, le: notGreater, '<=': notGreater },
  ...{ gt: greater, greaterthan: greater, '>': greater, ge: notLess, '>=': notLess },
};

export function testNamed(name: string): TestFunction {
  ensure(Object.hasOwn(tests, name), () => `there is no test ${quoted(name)}`);
  const test = tests[name]!;
  return (value, given, meter) => meter.around([value, ...given.all()], () => test(value, given, meter));
}
