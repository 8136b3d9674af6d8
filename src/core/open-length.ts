import { ensure } from './errors.ts';
import { ensureShapeArray, type Shape } from './shape.ts';

/**
 * An open length: a dimension whose length is known only when a graph runs, not while it is built. So one graph serves prompts of every length.
 *
 * While the graph is built, a large prime number stands in for each open length. Shape rules calculate with it as with any other
 * number. No real length is a multiple of such a prime, so the prime factors of a length show which open lengths it is made of.
 *
 * An example, with tokens `[batch, time]` and 8 features for each:
 *
 * 1. The graph is built with the stand-ins. Its input has the shape `[262147, 262151, 8]`.
 * 2. `x.reshape([-1, 8])` calculates 262147 · 262151 · 8 / 8 = 68722098197. The result has the shape `[68722098197, 8]`.
 * 3. To write this shape into the ONNX model, `factorsOf` takes the length apart: 68722098197 = 1 · batch · time. The model gets
 *    operators that read `batch` and `time` from the shape of its input and multiply them.
 * 4. A run with `{ batch: 2, time: 5 }` gives a result of the shape {@link resolveShape} calculates: `[10, 8]`.
 *
 * Only products can be taken apart. The one sum that occurs, past + time = total, holds for the stand-ins, too. For that, `past` is
 * twice a prime: `time` and `total` are odd, so their difference is even.
 */
export type OpenLength =
  /** The number of texts in a batch. */
  | 'batch'
  /** Tokens of each text in one pass. */
  | 'time'
  /** Positions whose logits are wanted. */
  | 'selected'
  /** Positions a cache has room for. */
  | 'capacity'
  /** Tokens of each text in the passes before. */
  | 'past'
  /** Tokens of each text in the passes before and in this one. */
  | 'total';

/** The number that stands in for each open length in the shapes of a graph. */
export const openLengths: Readonly<Record<OpenLength, number>> = {
  batch: 262_147,
  time: 262_151,
  selected: 262_153,
  capacity: 262_187,
  past: 524_462,
  total: 786_613,
};

const smallestStandIn = Math.min(...Object.values(openLengths));

/** The value of each open length in one run. */
export type KnownLengths = Readonly<Partial<Record<OpenLength, number>>>;

/** Takes a length apart: `known` times the open lengths in `names`. */
export function factorsOf(length: number): { known: number; names: OpenLength[] } {
  let known = length;
  const names: OpenLength[] = [];
  for (const [name, standIn] of Object.entries(openLengths) as [OpenLength, number][]) {
    while (known !== 0 && known % standIn === 0) {
      known /= standIn;
      names.push(name);
    }
  }
  return { known, names };
}

/** Whether a length is an open one or a multiple of one. */
export function isOpen(length: number): boolean {
  return length >= smallestStandIn && factorsOf(length).names.length > 0;
}

/** The shape that a value of a graph has in a run with these lengths. */
export function resolveShape(shape: Shape, lengths: KnownLengths): Shape {
  ensureShapeArray(shape, 'resolveShape');
  if (!shape.some(isOpen)) return shape;
  return shape.map((length) => {
    const { known, names } = factorsOf(length);
    return names.reduce((product, name) => {
      const actual = lengths[name];
      ensure(actual !== undefined, () => `this graph needs the length "${name}" to run, but it was not given`);
      return product * actual;
    }, known);
  });
}
