import * as fc from 'fast-check';
import { type Shape, sizeOf } from '../../src/core/shape.ts';
import { fromArray, type Tensor } from '../../src/tensor/index.ts';

/** Random tensors and shapes for fast-check. Lengths are small: one compiled graph belongs to every shape. */

/** A shape of `minRank` to `maxRank` dimensions, some of length 1. */
export function shapeOf(minRank = 0, maxRank = 4): fc.Arbitrary<number[]> {
  return fc.array(fc.integer({ min: 1, max: 4 }), { minLength: minRank, maxLength: maxRank });
}

/** float32 elements between -3 and 3, whole and halves among them so that ties happen. */
export function floats(shape: Shape, { min = -3, max = 3 } = {}): fc.Arbitrary<Tensor> {
  const element = fc.oneof(
    fc.integer({ min: Math.ceil(2 * min), max: Math.floor(2 * max) }).map((twice) => twice / 2),
    fc.double({ min, max, noNaN: true }),
  );
  return elements(shape, element).map((values) => fromArray(Float32Array.from(values), shape));
}

export function ints(shape: Shape, { min = -5, max = 5 } = {}): fc.Arbitrary<Tensor> {
  return elements(shape, fc.integer({ min, max })).map((values) => fromArray(Int32Array.from(values), shape));
}

export function bools(shape: Shape): fc.Arbitrary<Tensor> {
  return elements(shape, fc.integer({ min: 0, max: 1 })).map((values) => fromArray(Uint8Array.from(values), shape));
}

function elements<T>(shape: Shape, element: fc.Arbitrary<T>): fc.Arbitrary<T[]> {
  const length = sizeOf(shape);
  return fc.array(element, { minLength: length, maxLength: length });
}

/** `count` shapes that broadcast together: lengths of one shape replaced by 1, leading dimensions left out. */
export function broadcastable(count: number): fc.Arbitrary<number[][]> {
  return shapeOf().chain((shape) => {
    const part = fc
      .record({
        skipped: fc.integer({ min: 0, max: shape.length }),
        kept: fc.array(fc.boolean(), { minLength: shape.length, maxLength: shape.length }),
      })
      .map(({ skipped, kept }) => shape.map((length, dim) => (kept[dim] ? length : 1)).slice(skipped));
    return fc.array(part, { minLength: count, maxLength: count });
  });
}

/** One of the dimensions, counted from the front or from the end. */
export function dimOf(rank: number): fc.Arbitrary<number> {
  return fc.integer({ min: -rank, max: rank - 1 });
}

/** Any of the dimensions, each at most once; possibly none. */
export function dimsOf(rank: number): fc.Arbitrary<number[]> {
  return fc.subarray(Array.from({ length: rank }, (_, dim) => dim)).chain((dims) => {
    const signs = fc.array(fc.boolean(), { minLength: dims.length, maxLength: dims.length });
    return signs.map((fromEnd) => dims.map((dim, i) => (fromEnd[i] ? dim - rank : dim)));
  });
}

/** Runs an asynchronous property on random cases, the same ones every time. */
export async function forAll<T>(
  arbitrary: fc.Arbitrary<T>,
  check: (value: T) => Promise<void>,
  numRuns = 15,
): Promise<void> {
  await fc.assert(fc.asyncProperty(arbitrary, check), { numRuns, seed: 20260701 });
}
