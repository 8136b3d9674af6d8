import { ensure } from '../../core/errors.ts';
import { formatted } from './format.ts';
import type { Meter } from './meter.ts';
import { textOf } from './text-of.ts';
import { Arguments, ensureDefined, Tuple, typeName, type Value } from './values.ts';

/** The most digits of a whole number, as in Python. */
export const mostDigits = 4300;
const largest = 10n ** BigInt(mostDigits);

/** `left operator right` as in Python. */
export function calculate(meter: Meter, operator: string, left: Value, right: Value): Value {
  if (operator === '~') return joined(meter, textOf(meter, left), textOf(meter, right));
  ensureDefined(left, right);
  if (operator === '+') {
    if (typeof left === 'string' && typeof right === 'string') return joined(meter, left, right);
    const both = listOf(left, right);
    if (both) return both.make(measured(meter, [...both.left, ...both.right]));
  }
  if (operator === '*') {
    const repeated = typeof left === 'bigint' || typeof left === 'boolean' ? repeat(meter, right, left) : undefined;
    if (repeated !== undefined) return repeated;
    const times = typeof right === 'bigint' || typeof right === 'boolean' ? repeat(meter, left, right) : undefined;
    if (times !== undefined) return times;
  }
  if (operator === '%' && typeof left === 'string') {
    return formatted(meter, left, right instanceof Tuple ? new Arguments(right.items) : right);
  }
  const [a, b] = [numberOf(left), numberOf(right)];
  ensure(
    a !== undefined && b !== undefined,
    () => `${operator} does not take values of the types ${typeName(left)} and ${typeName(right)}`,
  );
  if (typeof a === 'bigint' && typeof b === 'bigint') return ofIntegers(operator, a, b);
  return ofFloats(operator, Number(a), Number(b));
}

/** A value with a sign before it. */
export function signed(sign: '+' | '-', value: Value): Value {
  ensureDefined(value);
  const number = numberOf(value);
  ensure(number !== undefined, () => `a value of type ${typeName(value)} has no sign`);
  return sign === '-' ? -number : number;
}

/** A text made of two parts, which costs as much as the shorter one. */
function joined(meter: Meter, left: string, right: string): string {
  meter.characters(Math.min(left.length, right.length));
  return left + right;
}

function measured(meter: Meter, items: Value[]): Value[] {
  meter.items(items.length);
  return items;
}

function listOf(left: Value, right: Value) {
  if (Array.isArray(left) && Array.isArray(right)) return { left, right, make: (items: Value[]): Value => items };
  if (left instanceof Tuple && right instanceof Tuple) {
    return { left: left.items, right: right.items, make: (items: Value[]): Value => new Tuple(items) };
  }
  return undefined;
}

function repeat(meter: Meter, value: Value, count: bigint | boolean): Value | undefined {
  const times = Math.max(0, Number(count));
  if (typeof value === 'string') {
    meter.characters(value.length * times);
    return value.repeat(times);
  }
  const items = Array.isArray(value) ? value : value instanceof Tuple ? value.items : undefined;
  if (!items) return undefined;
  meter.items(items.length * times);
  const repeated = Array.from({ length: items.length * times }, (_, i) => items[i % items.length]!);
  return value instanceof Tuple ? new Tuple(repeated) : repeated;
}

function numberOf(value: Value): bigint | number | undefined {
  if (typeof value === 'boolean') return value ? 1n : 0n;
  return typeof value === 'bigint' || typeof value === 'number' ? value : undefined;
}

function ofIntegers(operator: string, a: bigint, b: bigint): Value {
  const isDivision = operator === '/' || operator === '//' || operator === '%';
  ensure(!isDivision || b !== 0n, 'a number cannot be divided by zero');
  if (operator === '/' || (operator === '**' && b < 0n)) return ofFloats(operator, Number(a), Number(b));
  // The number of digits is known before the power is.
  const isSmall = operator !== '**' || (a >= -1n && a <= 1n) || BigInt(a.toString(2).length) * b < 15_000n;
  const result = isSmall ? integerOperators[operator]!(a, b) : largest;
  ensure(result < largest && result > -largest, `a number has more than ${mostDigits} digits`);
  return result;
}

const integerOperators: Record<string, (a: bigint, b: bigint) => bigint> = {
  '+': (a, b) => a + b,
  '-': (a, b) => a - b,
  '*': (a, b) => a * b,
  '**': (a, b) => a ** b,
  '//': (a, b) => (a - integerOperators['%']!(a, b)) / b,
  // The remainder has the sign of the divisor.
  '%': (a, b) => ((a % b) + b) % b,
};

function ofFloats(operator: string, a: number, b: number): number {
  const divides = operator === '/' || operator === '//' || operator === '%' || (operator === '**' && a === 0 && b < 0);
  ensure(!divides || (operator === '**' ? a !== 0 : b !== 0), 'a number cannot be divided by zero');
  const result = floatOperators[operator]!(a, b);
  const isTooLarge = operator === '**' && !Number.isFinite(result) && Number.isFinite(a) && Number.isFinite(b);
  ensure(!isTooLarge, 'a number is too large');
  return result;
}

const floatOperators: Record<string, (a: number, b: number) => number> = {
  '+': (a, b) => a + b,
  '-': (a, b) => a - b,
  '*': (a, b) => a * b,
  '/': (a, b) => a / b,
  '**': (a, b) => a ** b,
  '//': (a, b) => Math.round((a - floatOperators['%']!(a, b)) / b),
  '%'(a, b) {
    const remainder = a % b;
    return remainder !== 0 && remainder < 0 !== b < 0 ? remainder + b : remainder;
  },
};
