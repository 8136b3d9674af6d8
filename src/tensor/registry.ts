import { ensure } from '../core/errors.ts';
import type { Composite } from './composite.ts';
import type { Primitive } from './primitive.ts';

/**
 * Every operation that has been defined, by name. Tests go through them to see that each is checked.
 *
 * The class Tensor has the operations as methods, and these make tensors, so their files import each other in a circle. While these
 * are loaded, operations are defined although `primitive.ts` itself has not run yet. So the two maps are in a file that imports nothing
 * of the circle.
 */
export const primitives = new Map<string, Primitive>();
export const composites = new Map<string, Composite>();

/** Throws if there is such an operation: a graph tells operations apart by their names. */
export function ensureNewName(name: string): void {
  ensure(
    !primitives.has(name) && !composites.has(name),
    () => `there is an operation named ${name} already; choose another name`,
  );
}
