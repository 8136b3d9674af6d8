import { ensure } from '../../core/errors.ts';
import { quoted } from '../../core/printable.ts';
import { lengthOf, partOf } from './code-points.ts';
import type { Meter } from './meter.ts';
import { type NumberForm, numberText } from './number-form.ts';
import { reprOf, textOf } from './text-of.ts';
import { Arguments, Dict, typeName, type Value } from './values.ts';

const percentField = /%(?:\(([^)%]*)\))?([-+ 0#]*)(\d*)(?:\.(\d+))?(.?)/gs;

/** Python's `text % values`: a tuple's items one after the other, a dict's by name, or the only value. */
export function formatted(meter: Meter, text: string, values: Arguments | Value): string {
  const given = values instanceof Arguments ? values.positional : [values as Value];
  let next = 0;
  const result = text.replace(percentField, (_, name, flags: string, width, precision, conversion) => {
    if (conversion === '%') return '%';
    ensure(conversion !== '', 'a text ends within a place for a value; write %% for a percent sign');
    let value: Value | undefined;
    if (name === undefined) value = given[next++];
    else if (values instanceof Arguments) value = values.named.get(name);
    else value = values instanceof Dict ? values.field(name) : undefined;
    ensure(value !== undefined, 'a text has more places than there are values to fill in');
    const sign = flags.includes('+') ? '+' : flags.includes(' ') ? ' ' : '';
    const isZeroFilled = flags.includes('0') && !flags.includes('-') && !'srac'.includes(conversion);
    const align = flags.includes('-') ? '<' : isZeroFilled ? '=' : '>';
    const fill = isZeroFilled ? '0' : ' ';
    const type = conversion === 'i' || conversion === 'u' ? 'd' : conversion;
    const isAlternate = flags.includes('#');
    const form = { fill, align, sign, width: Number(width), precision: numberOf(precision), type, isAlternate };
    if (!'sra'.includes(type)) return field(meter, value, bodyOf(meter, value, form), form);
    const shown = shortened(shownAs(meter, value, type), form);
    return field(meter, shown, shown, form);
  });
  const isUsed =
    next >= given.length || values instanceof Arguments
      ? next >= given.length
      : values instanceof Dict || Array.isArray(values);
  ensure(isUsed, 'there are more values than places for them in a text');
  return meter.text(result);
}

const braceField = /\{\{|\}\}|\{(\w*)(?:!([rs]))?(?::([^{}]*))?\}|[{}]/g;
const specification = /^(?:(.)?([<>^=]))?([+ -]?)(#?)(0?)(\d*)([,_]?)(?:\.(\d+))?([a-zA-Z%]?)$/su;

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
    const [, fill = parts[5] || ' ', align, sign, alternate, , width, group, precision, type = ''] = parts;
    const shown = conversion === undefined ? value : shownAs(meter, value, conversion);
    if (spec === '') return textOf(meter, shown);
    const isNumber = ['number', 'bigint', 'boolean'].includes(typeof shown);
    ensure(
      isNumber || typeof shown === 'string',
      () => `format() cannot give a value of type ${typeName(shown)} the form ${quoted(spec)}; write its text with !s`,
    );
    const form: FieldForm = {
      ...{
        fill,
        align: align ?? (!isNumber ? '<' : parts[5] ? '=' : '>'),
        sign: sign!,
        group: group!,
        isAlternate: alternate !== '',
      },
      ...{ width: Number(width), precision: numberOf(precision), type },
    };
    return field(meter, shown, isNumber ? bracedNumber(meter, shown, form) : bracedText(shown as string, form), form);
  });
  return meter.text(result);
}

const numberOf = (digits: string | undefined) => (digits === undefined ? undefined : Number(digits));

interface FieldForm extends NumberForm {
  fill: string;
  align: string;
  sign: string;
  width: number;
  /** What stands between groups of digits. */
  group?: string;
}

/** A value's text with its sign, its groups of digits and its padding. */
function field(meter: Meter, value: Value, body: string, { fill, align, sign, width, group, type }: FieldForm): string {
  meter.characters(width);
  const isNumber = typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean';
  const signed = isNumber && (sign === '+' || sign === ' ') && !body.startsWith('-') ? sign + body : body;
  const grouped = (zeros: number) =>
    signed.replace(
      type === 'x' || type === 'X' ? hexStart : numberStart,
      (_, start, digits) => start + inGroups('0'.repeat(zeros) + digits, group, type),
    );
  const text = group ? grouped(0) : signed;
  const padding = Math.max(0, width - lengthOf(text));
  if (align === '=' && group && fill === '0' && padding > 0) {
    let zeros = Math.max(0, Math.floor((padding * groupSize(type)) / (groupSize(type) + 1)) - 2); // they are grouped, too
    while (grouped(zeros).length < width) zeros++;
    return grouped(zeros);
  }
  if (align === '=') return text.replace(/^[-+ ]?(?:0[xXob])?/, (start) => start + fill.repeat(padding));
  if (align === '^') return fill.repeat(padding >> 1) + text + fill.repeat(padding - (padding >> 1));
  return align === '<' ? text + fill.repeat(padding) : fill.repeat(padding) + text;
}

/** What comes before the digits of a number, and those before its point. */
const numberStart = /^([-+ ]?(?:0[ob])?)(\d+)/;
const hexStart = /^([-+ ]?(?:0x)?)([\da-f]+)/i;

const groupSize = (type: string) => ('xXob'.includes(type || 'd') ? 4 : 3);

/** Digits in groups of three, or of four in other bases, counted from the right. */
function inGroups(digits: string, separator: string | undefined, type: string): string {
  const size = groupSize(type);
  const first = digits.length % size || size;
  const groups = [digits.slice(0, first)];
  for (let i = first; i < digits.length; i += size) groups.push(digits.slice(i, i + size));
  return groups.join(separator);
}

const shownAs = (meter: Meter, value: Value, conversion: string) =>
  conversion === 's' ? textOf(meter, value) : reprOf(meter, value);

/** A text in the form of `format()`. */
function bracedText(text: string, form: FieldForm): string {
  const { type } = form;
  ensure(type === '' || type === 's', () => `the form ${quoted(type)} needs a number, not a text`);
  return shortened(text, form);
}

const shortened = (text: string, { precision }: FieldForm) =>
  precision === undefined ? text : partOf(text, 0, precision);

/** A number in the form of `format()`, which is stricter than `%`. */
function bracedNumber(meter: Meter, value: Value, form: FieldForm): string {
  const isFloat = typeof value === 'number';
  const type = form.type === 'n' ? (isFloat ? 'g' : 'd') : form.type || (isFloat ? '' : 'd');
  ensure(
    !form.group || (form.type !== 'n' && (form.group === '_' || !'xXob'.includes(type || 'd'))),
    () => `the form ${quoted(form.type)} has no groups of digits`,
  );
  ensure(type !== 'd' || !isFloat, `the form "d" needs a whole number`);
  ensure(
    isFloat || form.precision === undefined || !'dcxXob'.includes(type),
    'a whole number has no precision; leave it out, or write f after it',
  );
  return bodyOf(meter, value, { ...form, type });
}

/** A number, or with `c` a character. */
function bodyOf(meter: Meter, value: Value, form: NumberForm): string {
  const number = typeof value === 'boolean' ? BigInt(value) : value;
  if (form.type === 'c' && typeof number === 'string' && lengthOf(number) === 1) return number;
  ensure(
    typeof number === 'number' || typeof number === 'bigint',
    () => `the form ${quoted(form.type)} needs a number, not a value of type ${typeName(value)}`,
  );
  const text = numberText(number, form);
  if (form.precision === undefined || !'dxXo'.includes(form.type || 's')) return text;
  meter.characters(form.precision); // the least number of digits
  return text.replace(/[\da-f]+$/i, (digits) => digits.padStart(form.precision!, '0'));
}
