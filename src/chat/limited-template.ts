import { ensure } from '../core/errors.ts';

/** So many turns of loops, calls of macros and numbers of ranges a template may take in all; published ones take a few for every message. */
const mostSteps = 200_000;

/** Not names that a template could contain. */
const rangeName = 'limited range';
const stepName = 'one step';

interface TemplateNode {
  type?: string;
  value?: unknown;
  computed?: boolean;
  body?: object[];
}

/**
 * Makes a parsed Jinja template count its steps, and take {@link limits} for `range`: a damaged or hostile one could otherwise take all memory, or
 * never end, and the library has no limits of its own.
 */
export function addLimits(node: unknown): void {
  if (typeof node !== 'object' || node === null) return;
  const { type, value, computed, body } = node as TemplateNode;
  if (type === 'Identifier' && value === 'range') (node as TemplateNode).value = rangeName;
  if (type === 'For' || type === 'Macro') {
    body!.unshift({ type: 'CallExpression', callee: { type: 'Identifier', value: stepName }, args: [] });
  }
  for (const [field, child] of Object.entries(node)) {
    // The names of fields and arguments are no variables.
    const isName =
      (type === 'MemberExpression' && field === 'property' && !computed) ||
      (type === 'KeywordArgumentExpression' && field === 'key');
    if (!isName) addLimits(child);
  }
}

/** The functions that {@link addLimits} has a template call, for one rendering. */
export function limits(): Record<string, unknown> {
  let steps = 0;
  const count = (more: number) => {
    steps += more;
    ensure(steps <= mostSteps, `it takes more than ${mostSteps} steps`);
  };
  const range = (...bounds: number[]): number[] => {
    const [start, stop, step = 1] = bounds.length === 1 ? [0, bounds[0]!] : bounds;
    ensure([start, stop, step].every(Number.isInteger) && step !== 0, 'range() takes whole numbers, and no step of 0');
    const length = Math.max(0, Math.ceil((stop! - start!) / step));
    count(length);
    return Array.from({ length }, (_, i) => start! + i * step);
  };
  return { [rangeName]: range, [stepName]: () => count(1) };
}
