import { ensure } from '../core/errors.ts';
import type { Composite } from './composite.ts';
import type { Primitive } from './primitive.ts';

/**
 * Every defined operation, by name. Tests use it to make sure that each operation is tested.
 *
 * The class Tensor has the operations as methods, and these make tensors, so their files import each other in a circle. While they are loaded,
 * operations are defined before `primitive.ts` itself has run. So the two maps are in a file outside the circle.
 */
export const primitives = new Map<string, Primitive>();
export const composites = new Map<string, Composite>();

/** Throws a TsgptError if an operation has this name: a graph tells operations apart by their names. */
export function ensureNewName(name: string): void {
  ensure(
    !primitives.has(name) && !composites.has(name),
    () => `there is an operation named ${name} already; choose another name`,
  );
}
