import type { Meter } from './meter.ts';
import {
  Callable,
  Dict,
  type Instance,
  Lazy,
  Namespace,
  NumberRange,
  Tuple,
  Undefined,
  type Value,
  View,
} from './values.ts';

/** A value as Python's `str` writes it, and so as a template prints it. */
export function textOf(meter: Meter, value: Value): string {
  if (typeof value === 'string') return value;
  if (value instanceof Undefined) return '';
  return reprOf(meter, value);
}

/** A value as Python's `repr` writes it: texts with quotation marks. */
export function reprOf(meter: Meter, value: Value): string {
  meter.step();
  if (value === null) return 'None';
  if (typeof value === 'string') return meter.text(reprOfText(value));
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (typeof value === 'bigint') return meter.text(String(value));
  if (typeof value === 'number') return textOfFloat(value);
  if (value instanceof Undefined) return 'Undefined';
  const list = (items: readonly Value[]) => items.map((item) => reprOf(meter, item)).join(', ');
  const dict = (entries: Iterable<readonly [Value, Value]>) =>
    Array.from(entries, ([key, item]) => `${reprOf(meter, key)}: ${reprOf(meter, item)}`).join(', ');
  if (Array.isArray(value)) return `[${list(value)}]`;
  if (value instanceof Tuple) return `(${list(value.items)}${value.items.length === 1 ? ',' : ''})`;
  if (value instanceof Dict) return `{${dict(value.entries.values())}}`;
  if (value instanceof View) return `${value.kind}([${list(value.items)}])`;
  if (value instanceof Namespace) return `<Namespace {${dict(value.fields)}}>`;
  if (value instanceof NumberRange) {
    const { start, stop, step } = value;
    return step === 1 ? `range(${start}, ${stop})` : `range(${start}, ${stop}, ${step})`;
  }
  if (value instanceof Lazy) return '<generator object>';
  if (value instanceof Callable) return `<function ${value.name}>`;
  return `<${(value as Instance).type}>`;
}

/** A float as Python writes it: the fewest digits that tell it from its neighbours, and a point or an exponent always. */
export function textOfFloat(value: number): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? 'nan' : value > 0 ? 'inf' : '-inf';
  if (Object.is(value, -0)) return '-0.0';
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-4 || size >= 1e16)) return value.toExponential().replace(/e([+-])(\d)$/, 'e$10$2');
  return Number.isInteger(value) ? `${value}.0` : String(value);
}

const escapes: Record<string, string> = { '\n': '\\n', '\r': '\\r', '\t': '\\t', '\\': '\\\\' };

function reprOfText(text: string): string {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'";
  const escaped = text.replace(/[\\\p{C}\p{Z}]/gu, (character) => {
    if (character === ' ') return ' ';
    const code = character.codePointAt(0)!;
    const hexadecimal = (digits: number) => code.toString(16).padStart(digits, '0');
    return (
      escapes[character] ??
      (code < 0x100 ? `\\x${hexadecimal(2)}` : code < 0x10000 ? `\\u${hexadecimal(4)}` : `\\U${hexadecimal(8)}`)
    );
  });
  return quote + (quote === "'" ? escaped.replaceAll("'", "\\'") : escaped) + quote;
}
