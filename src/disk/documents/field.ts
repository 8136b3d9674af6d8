import { ensure } from '../../core/errors.ts';
import { isObject } from '../../core/json.ts';
import { printable, quoted } from '../../core/printable.ts';

/** The text in a field of a record; empty for null. A dot in the name leads into an object within, if no field has this whole name. */
export function textIn(record: unknown, field: string, place: string): string {
  ensure(isObject(record), () => `${place} is not an object with fields, as {"text": "…"}; give a file of such lines`);
  const value = valueAt(record, field);
  ensure(value !== undefined, () => missingField(place, field, Object.keys(record)));
  return ensureText(value, field, place);
}

/** The text; empty for null. Throws a TsgptError for anything else. */
export function ensureText(value: unknown, field: string, place: string): string {
  if (value === null) return '';
  ensure(
    typeof value === 'string',
    () =>
      `the field ${printable(field)} of ${place} must be text, but is ${Array.isArray(value) ? 'a list' : isObject(value) ? 'an object' : `a ${typeof value}`}; name another with the option field`,
  );
  return value;
}

export function missingField(place: string, field: string, fields: readonly string[]): string {
  const others = fields.slice(0, 8).map(quoted).join(', ');
  const which = fields.length === 0 ? 'it has none' : `it has ${others}${fields.length > 8 ? ' and others' : ''}`;
  return `${place} has no field ${printable(field)} (${which}); name the one that holds the text with the option field`;
}

function valueAt(record: Record<string, unknown>, field: string): unknown {
  if (Object.hasOwn(record, field)) return record[field];
  let value: unknown = record;
  for (const name of field.split('.')) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
    value = (value as Record<string, unknown>)[name];
  }
  return value;
}
