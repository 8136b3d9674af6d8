import { ensure } from '../../core/errors.ts';
import { iterate } from './iterate.ts';
import type { Meter } from './meter.ts';
import { ensureDefined, typeName, type Value } from './values.ts';

/** A value that must be a text. */
export function text(callee: string, value: Value | undefined): string {
  ensure(typeof value === 'string', () => `${callee} needs a text, not a value of type ${typeName(value!)}`);
  return value;
}

/** A value that must be a text or none. */
export function optionalText(callee: string, value: Value | undefined): string | undefined {
  return value === undefined || value === null ? undefined : text(callee, value);
}

/** A value that must be a whole number. */
export function integer(callee: string, value: Value | undefined): number {
  ensureDefined(value!);
  ensure(
    typeof value === 'bigint' || typeof value === 'boolean',
    () => `${callee} needs a whole number, not a value of type ${typeName(value!)}`,
  );
  return Number(value);
}

/** A list that must hold texts. */
export function texts(meter: Meter, callee: string, list: Value): string[] {
  const found: string[] = [];
  for (const item of iterate(meter, list)) found.push(text(callee, item));
  return found;
}
