import { printable } from './printable.ts';

/** A wrong argument as an error message names it: `3`, `3n`, `'abc'`, `undefined`, `an array`, `a Float32Array`, `an object`. */
export function describeValue(value: unknown): string {
  if (Array.isArray(value)) return 'an array';
  if (typeof value === 'function') return 'a function';
  if (typeof value === 'string') return `'${printable(value)}'`;
  if (typeof value === 'bigint') return `${value}n`;
  if (typeof value !== 'object' || value === null) return String(value);
  const kind = value.constructor?.name;
  if (!kind || kind === 'Object') return 'an object';
  return `${/^[AEIO]/.test(kind) ? 'an' : 'a'} ${kind}`;
}
