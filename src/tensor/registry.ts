import type { Composite } from './composite.ts';
import type { Primitive } from './primitive.ts';

/** Every operation that has been defined, by name; tests go through them to make sure that none is left unchecked. */
export const primitives = new Map<string, Primitive>();
export const composites = new Map<string, Composite>();
