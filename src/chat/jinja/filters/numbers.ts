import { ensure } from '../../../core/errors.ts';
import { mostDigits, signed } from '../arithmetic.ts';
import { integer } from '../check.ts';
import { toFixed } from '../number-form.ts';
import { ensureDefined, type Value } from '../values.ts';
import { trim } from '../whitespace.ts';
import { type Filters, plain } from './filter.ts';

/** Filters that make numbers. */
export const numberFilters: Filters = {
  abs: plain((input) => {
    const number = signed('+', input) as bigint | number;
    return number < 0 || Object.is(number, -0) ? -number : number;
  }),
  float(input, given) {
    const [otherwise = 0] = given.take('float', 'default?');
    return floatOf(input) ?? otherwise;
  },
  int(input, given) {
    const [otherwise = 0n, base = 10n] = given.take('int', 'default?', 'base?');
    const whole = typeof input === 'string' ? integerOf(input, integer('int', base)) : undefined;
    if (whole !== undefined) return whole;
    if (typeof input === 'bigint') return input;
    const number = floatOf(input);
    return number === undefined || !Number.isFinite(number) ? otherwise : BigInt(Math.trunc(number));
  },
  round(input, given) {
    const [precision = 0n, method = 'common'] = given.take('round', 'precision?', 'method?');
    const digits = integer('round', precision);
    const number = signed('+', input) as bigint | number;
    ensure(method === 'common' || method === 'ceil' || method === 'floor', 'round knows common, ceil and floor');
    if (method === 'common' && typeof number === 'bigint' && digits >= 0) return number;
    if (!Number.isFinite(Number(number))) return number;
    const factor = 10 ** digits;
    if (method !== 'common') return Math[method](Number(number) * factor) / factor;
    const rounded =
      digits >= 0 ? Number(toFixed(Number(number), digits)) : Number(toFixed(Number(number) * factor, 0)) / factor;
    return typeof number === 'bigint' ? BigInt(rounded) : rounded;
  },
};

const decimal = /^[-+]?(?:\d+(?:_\d+)*\.?(?:\d+(?:_\d+)*)?|\.\d+(?:_\d+)*)(?:[eE][-+]?\d+(?:_\d+)*)?$/;
const special = /^([-+]?)(?:(inf|infinity)|nan)$/i;

/** What Python's `float` makes of a value. */
function floatOf(value: Value): number | undefined {
  ensureDefined(value);
  if (typeof value === 'boolean' || typeof value === 'bigint' || typeof value === 'number') return Number(value);
  if (typeof value !== 'string') return undefined;
  const text = trim(value);
  if (decimal.test(text)) return Number(text.replaceAll('_', ''));
  const [matched, sign, infinity] = special.exec(text) ?? [];
  if (matched === undefined) return undefined;
  return infinity ? Number(`${sign}Infinity`) : Number.NaN;
}

const prefixes: Record<number, string> = { 16: '0x', 8: '0o', 2: '0b' };

/** What Python's `int` makes of a text. */
function integerOf(value: string, base: number): bigint | undefined {
  const [, sign, digits] = /^([-+]?)(\w+)$/.exec(trim(value).toLowerCase()) ?? [];
  if (digits === undefined || !/^[^_]+(?:_[^_]+)*$/.test(digits) || digits.length > mostDigits) return undefined;
  const prefix = prefixes[base];
  const plain = (prefix && digits.startsWith(prefix) ? digits.slice(2) : digits).replaceAll('_', '');
  let number = 0n;
  for (const digit of plain) {
    const worth = Number.parseInt(digit, 36);
    if (!(worth < base)) return undefined;
    number = number * BigInt(base) + BigInt(worth);
  }
  return sign === '-' ? -number : number;
}
