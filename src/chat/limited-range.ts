import { ensure } from '../errors.ts';

/** So many numbers templates may count through; published ones need a few dozen. */
const mostCounted = 100_000;

/** Not a name that a template could contain. */
export const limitedRangeName = 'limited range';

/** Makes a template call {@link limitedRange} for `range`, which the library lets nobody replace. */
export function callLimitedRange(node: unknown): void {
  if (typeof node !== 'object' || node === null) return;
  const { type, callee } = node as { type?: string; callee?: { type: string; value: unknown } };
  if (type === 'CallExpression' && callee?.type === 'Identifier' && callee.value === 'range') {
    callee.value = limitedRangeName;
  }
  for (const child of Object.values(node)) callLimitedRange(child);
}

/** Jinja's `range` for one rendering. Without a limit a damaged or hostile template could take all memory, or never end. */
export function limitedRange() {
  let counted = 0;
  return (...bounds: number[]): number[] => {
    const [start, stop, step = 1] = bounds.length === 1 ? [0, bounds[0]!] : bounds;
    ensure([start, stop, step].every(Number.isInteger) && step !== 0, 'range() takes whole numbers, and no step of 0');
    const length = Math.max(0, Math.ceil((stop! - start!) / step));
    counted += length;
    ensure(counted <= mostCounted, `it counts through more than ${mostCounted} numbers`);
    return Array.from({ length }, (_, i) => start! + i * step);
  };
}
