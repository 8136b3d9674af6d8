import { ensure } from '../../core/errors.ts';
import { quoted } from '../../core/printable.ts';
import { lengthOf, partOf } from './code-points.ts';
import type { Meter } from './meter.ts';
import { reprOf, textOf, textOfFloat } from './text-of.ts';
import { Arguments, Dict, typeName, type Value } from './values.ts';

const percentField = /%(?:\(([^)%]*)\))?([-+ 0#]*)(\d*)(?:\.(\d+))?(.?)/gs;

/** Python's `text % values`: a tuple's items one after the other, a dict's by name, or the only value. */
export function formatted(meter: Meter, text: string, values: Arguments | Value): string {
  const given = values instanceof Arguments ? values.positional : [values as Value];
  let next = 0;
  const result = text.replace(percentField, (_, name, flags: string, width, precision, conversion) => {
    if (conversion === '%') return '%';
    let value: Value | undefined;
    if (name === undefined) value = given[next++];
    else if (values instanceof Arguments) value = values.named.get(name);
    else value = values instanceof Dict ? values.field(name) : undefined;
    ensure(value !== undefined, 'a text has more places than there are values to fill in');
    const align = flags.includes('-') ? '<' : '>';
    const sign = flags.includes('+') ? '+' : flags.includes(' ') ? ' ' : '';
    const fill = flags.includes('0') && align === '>' && !'srac'.includes(conversion) ? '0' : ' ';
    const type = conversion === 'i' || conversion === 'u' ? 'd' : conversion;
    return field(meter, value, { fill, align, sign, width: Number(width), precision, type });
  });
  const isUsed =
    next >= given.length || values instanceof Arguments
      ? next >= given.length
      : values instanceof Dict || Array.isArray(values);
  ensure(isUsed, 'there are more values than places for them in a text');
  return meter.text(result);
}

const braceField = /\{\{|\}\}|\{(\w*)(?:!([rs]))?(?::([^{}]*))?\}|[{}]/g;
const specification = /^(?:(.)?([<>^=]))?([+ -]?)(0?)(\d*)(,?)(?:\.(\d+))?([a-zA-Z%]?)$/su;

/** Python's `text.format(…)`. */
export function filledIn(meter: Meter, text: string, given: Arguments): string {
  let next = 0;
  const result = text.replace(braceField, (whole, name, conversion, spec = '') => {
    if (whole === '{{' || whole === '}}') return whole[0]!;
    ensure(name !== undefined, 'a text has a brace too many for format()');
    const position = name === '' ? next++ : Number(name);
    const value = Number.isNaN(position) ? given.named.get(name) : given.positional[position];
    ensure(value !== undefined, () => `format() has no value for ${quoted(whole)}`);
    const parts = specification.exec(spec);
    ensure(parts, () => `format() does not know the form ${quoted(spec)}`);
    const [, fill = parts[4] || ' ', align, sign, , width, comma, precision, type = ''] = parts;
    const isText = typeof value === 'string' || conversion !== undefined;
    const side = align ?? (isText ? '<' : '>');
    const shown = conversion === 'r' ? reprOf(meter, value) : conversion === 's' ? textOf(meter, value) : value;
    return field(meter, shown, {
      fill,
      align: side,
      sign: sign!,
      width: Number(width),
      precision,
      type,
      comma: !!comma,
    });
  });
  return meter.text(result);
}

interface FieldForm {
  fill: string;
  align: string;
  sign: string;
  width: number;
  precision: string | undefined;
  type: string;
  comma?: boolean;
}

function field(meter: Meter, value: Value, { fill, align, sign, width, precision, type, comma }: FieldForm): string {
  meter.characters(width);
  let text = bodyOf(meter, value, type, precision);
  const isNumber = typeof value === 'number' || typeof value === 'bigint';
  if (comma) text = text.replace(/\d+/, withCommas);
  if (isNumber && sign !== '' && sign !== '-' && !text.startsWith('-')) text = sign + text;
  const padding = Math.max(0, width - lengthOf(text));
  if (fill === '0' && isNumber && align !== '<') return text.replace(/^[-+ ]?/, (s) => s + '0'.repeat(padding));
  if (align === '^') return fill.repeat(padding >> 1) + text + fill.repeat(padding - (padding >> 1));
  return align === '<' ? text + fill.repeat(padding) : fill.repeat(padding) + text;
}

/** Digits in groups of three, counted from the right. */
function withCommas(digits: string): string {
  const first = digits.length % 3 || 3;
  return digits.slice(0, first) + digits.slice(first).replace(/\d{3}/g, ',$&');
}

const mostDecimals = 75;

const bases: Record<string, number> = { x: 16, X: 16, o: 8, b: 2 };

function bodyOf(meter: Meter, value: Value, type: string, precision: string | undefined): string {
  if (type === '' || type === 's' || type === 'r') {
    if (type === '' && typeof value === 'number' && precision !== undefined) return String(value);
    const text = type === 'r' ? reprOf(meter, value) : textOf(meter, value);
    return precision === undefined ? text : partOf(text, 0, Number(precision));
  }
  const number = typeof value === 'boolean' ? BigInt(value) : value;
  ensure(
    typeof number === 'number' || typeof number === 'bigint',
    () => `the form ${quoted(type)} needs a number, not a value of type ${typeName(value)}`,
  );
  if (type === 'd') {
    ensure(Number.isFinite(Number(number)) || typeof number === 'bigint', 'a number is not finite');
    return String(typeof number === 'number' ? BigInt(Math.trunc(number)) : number);
  }
  if (type in bases && typeof number === 'bigint') {
    const text = number.toString(bases[type]);
    return type === 'X' ? text.toUpperCase() : text;
  }
  const digits = precision === undefined ? 6 : Number(precision);
  ensure(digits <= mostDecimals, `a number has more than ${mostDecimals} decimals`);
  if (type === 'f' || type === 'F') return toFixed(Number(number), digits);
  if (type === '%') return `${toFixed(Number(number) * 100, digits)}%`;
  if (type === 'e') return withExponent(Number(number), digits);
  if (type === 'g') return general(Number(number), digits || 1);
  ensure(false, `there is no form ${quoted(type)} for numbers`);
}

/** As `%e`: with an exponent of at least two digits. */
function withExponent(number: number, decimals: number): string {
  if (!Number.isFinite(number)) return textOfFloat(number);
  return number.toExponential(decimals).replace(/e([+-])(\d)$/, 'e$10$2');
}

/** As `%g`: without needless zeros, and with an exponent if the number is very small or has more digits than are wanted. */
function general(number: number, digits: number): string {
  if (!Number.isFinite(number)) return textOfFloat(number);
  const [mantissa, exponent] = withExponent(number, digits - 1).split('e') as [string, string];
  const isFixed = Number(exponent) >= -4 && Number(exponent) < digits;
  const shown = isFixed ? number.toFixed(digits - 1 - Number(exponent)) : mantissa;
  const short = shown.includes('.') ? shown.replace(/\.?0+$/, '') : shown;
  return isFixed ? short : `${short}e${exponent}`;
}

/** A number with so many decimals; halfway between two it takes the even one, as Python does. */
export function toFixed(number: number, decimals: number): string {
  ensure(decimals <= mostDecimals, `a number has more than ${mostDecimals} decimals`);
  if (!Number.isFinite(number)) return textOfFloat(number);
  // JavaScript writes these with an exponent; they are whole.
  if (Math.abs(number) >= 1e21) return BigInt(number) + (decimals > 0 ? `.${'0'.repeat(decimals)}` : '');
  const rounded = number.toFixed(decimals);
  const isHalfway = /50{24}$/.test(number.toFixed(decimals + 25));
  if (!isHalfway || !/[13579]$/.test(rounded)) return rounded;
  return (number - Math.sign(number) * 10 ** -decimals * 0.5).toFixed(decimals);
}
