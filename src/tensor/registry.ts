import type { Composite } from './composite.ts';
import type { Primitive } from './primitive.ts';

/** Every operation that has been defined, by name. Tests go through them to see that each is checked. */
export const primitives = new Map<string, Primitive>();
export const composites = new Map<string, Composite>();
