import { ensure } from '../core/errors.ts';

/** The most loop iterations, macro calls and range elements, in total, that a template may use. Published templates use a few per message. */
const mostSteps = 200_000;

/** A template cannot contain names with a space. */
const rangeName = 'limited range';
const stepName = 'one step';

interface TemplateNode {
  type?: string;
  value?: unknown;
  computed?: boolean;
  body?: object[];
}

/**
 * Makes a parsed Jinja template count its steps and use the `range` of {@link limits}. Otherwise a damaged or hostile template could use up all
 * memory or never end: the library has no limits.
 */
export function addLimits(node: unknown): void {
  if (typeof node !== 'object' || node === null) return;
  const { type, value, computed, body } = node as TemplateNode;
  if (type === 'Identifier' && value === 'range') (node as TemplateNode).value = rangeName;
  if (type === 'For' || type === 'Macro') {
    body!.unshift({ type: 'CallExpression', callee: { type: 'Identifier', value: stepName }, args: [] });
  }
  for (const [field, child] of Object.entries(node)) {
    // The names of fields and arguments are not variables.
    const isName =
      (type === 'MemberExpression' && field === 'property' && !computed) ||
      (type === 'KeywordArgumentExpression' && field === 'key');
    if (!isName) addLimits(child);
  }
}

/** The functions that {@link addLimits} makes a template call, for one rendering. */
export function limits(): Record<string, unknown> {
  let steps = 0;
  const count = (more: number) => {
    steps += more;
    ensure(steps <= mostSteps, `it takes more than ${mostSteps} steps`);
  };
  const range = (...bounds: number[]): number[] => {
    const [start, stop, step = 1] = bounds.length === 1 ? [0, bounds[0]!] : bounds;
    ensure(
      [start, stop, step].every(Number.isInteger) && step !== 0,
      'range() needs whole numbers and a step other than 0',
    );
    const length = Math.max(0, Math.ceil((stop! - start!) / step));
    count(length);
    return Array.from({ length }, (_, i) => start! + i * step);
  };
  return { [rangeName]: range, [stepName]: () => count(1) };
}
