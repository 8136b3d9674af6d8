import { ensure } from '../../core/errors.ts';
import { compareTexts } from './code-points.ts';
import type { Meter } from './meter.ts';
import { textOfFloat } from './text-of.ts';
import { Dict, Tuple, typeName, type Value } from './values.ts';

interface JsonForm {
  /** What a level is indented by; without it everything stands on one line. */
  indent: string | undefined;
  separators: readonly [item: string, key: string];
  isAscii: boolean;
  sortKeys: boolean;
}

/** A value as Python's `json.dumps` writes it. */
export function toJson(meter: Meter, value: Value, form: JsonForm, level = 0): string {
  meter.step();
  if (value === null) return 'null';
  if (typeof value === 'string') return meter.text(jsonText(value, form.isAscii));
  if (typeof value === 'boolean' || typeof value === 'bigint') return String(value);
  if (typeof value === 'number') {
    if (Number.isFinite(value)) return textOfFloat(value);
    return Number.isNaN(value) ? 'NaN' : value > 0 ? 'Infinity' : '-Infinity';
  }
  const nested = (item: Value) => toJson(meter, item, form, level + 1);
  if (Array.isArray(value)) return enclosed(meter, '[', value.map(nested), ']', form, level);
  if (value instanceof Tuple) return enclosed(meter, '[', value.items.map(nested), ']', form, level);
  ensure(value instanceof Dict, () => `a value of type ${typeName(value)} cannot be written as JSON`);
  const fields = Array.from(value.entries.values(), ([key, item]) => [keyOf(key), item] as const);
  if (form.sortKeys) fields.sort(([a], [b]) => compareTexts(a, b));
  const written = fields.map(
    ([key, item]) => meter.text(jsonText(key, form.isAscii)) + form.separators[1] + nested(item),
  );
  return enclosed(meter, '{', written, '}', form, level);
}

function enclosed(meter: Meter, open: string, parts: string[], close: string, form: JsonForm, level: number): string {
  const [separator] = form.separators;
  if (parts.length === 0 || form.indent === undefined) return open + meter.joined(parts, separator) + close;
  meter.characters(form.indent.length * level);
  const line = `\n${form.indent.repeat(level)}`;
  return open + line + form.indent + meter.joined(parts, separator + line + form.indent) + line + close;
}

function keyOf(key: Value): string {
  if (typeof key === 'string') return key;
  if (typeof key === 'number') return textOfFloat(key);
  ensure(
    key === null || typeof key === 'boolean' || typeof key === 'bigint',
    () => `a key of type ${typeName(key)} cannot be written as JSON`,
  );
  return String(key);
}

function jsonText(text: string, isAscii: boolean): string {
  const json = JSON.stringify(text);
  if (!isAscii) return json;
  return json.replace(/[\x7f-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
