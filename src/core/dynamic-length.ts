import { ensure } from './errors.ts';
import type { Shape } from './shape.ts';

/**
 * Lengths that are not known before a graph runs, such as the number of tokens in a prompt, so that one graph serves them all.
 *
 * While the graph is built, a large prime number stands for each. Shape rules work with it as with any other length, and as no real
 * length is a multiple of it, a product still shows what it is made of: 8 · batch · time. The one sum there is, past + time = total,
 * holds for the numbers, too; past is twice a prime, since two odd numbers add up to an even one.
 */
const standIns = {
  /** Texts side by side. */
  batch: 262_147,
  /** Tokens of each text in one pass. */
  time: 262_151,
  /** Positions whose logits are wanted. */
  selected: 262_153,
  /** Positions a cache has room for. */
  capacity: 262_187,
  /** Tokens of each text in the passes before. */
  past: 524_462,
  /** Tokens of each text in the passes before and in this one. */
  total: 786_613,
} as const;

export type DynamicLength = keyof typeof standIns;

/** What each dynamic length is in one run. */
export type Lengths = Readonly<Partial<Record<DynamicLength, number>>>;

/** The number that stands for each dynamic length in the shapes of a graph. */
export const dynamicLength: Readonly<Record<DynamicLength, number>> = standIns;

/** A length as a known factor and the dynamic lengths it is multiplied with. */
export function factorsOf(length: number): { known: number; names: DynamicLength[] } {
  let known = length;
  const names: DynamicLength[] = [];
  for (const [name, standIn] of Object.entries(standIns) as [DynamicLength, number][]) {
    while (known !== 0 && known % standIn === 0) {
      known /= standIn;
      names.push(name);
    }
  }
  return { known, names };
}

/** Whether a length depends on a dynamic one. */
export function isDynamic(length: number): boolean {
  return length >= standIns.batch && factorsOf(length).names.length > 0;
}

/** The shape that a graph's value has in a run with these lengths. */
export function resolveShape(shape: Shape, lengths: Lengths): Shape {
  if (!shape.some(isDynamic)) return shape;
  return shape.map((length) => {
    const { known, names } = factorsOf(length);
    return names.reduce((product, name) => {
      const actual = lengths[name];
      ensure(actual !== undefined, () => `this graph needs to be told the length "${name}" when it runs`);
      return product * actual;
    }, known);
  });
}
