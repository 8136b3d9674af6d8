import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Random } from '../../../../src/random/random.ts';
import { fromArray } from '../../../../src/tensor/index.ts';
import { orthogonalize } from '../../../../src/train/optimizers/newton-schulz.ts';

type Matrix = readonly (readonly number[])[];

/** `count` orthonormal vectors of length `length`, by Gram and Schmidt's method, twice for accuracy. */
function orthonormal(count: number, length: number, random: Random): Matrix {
  const found: number[][] = [];
  while (found.length < count) {
    let vector = [...random.normals(length, 1)];
    for (const other of [...found, ...found]) {
      const dot = vector.reduce((sum, x, i) => sum + x * other[i]!, 0);
      vector = vector.map((x, i) => x - dot * other[i]!);
    }
    const norm = Math.hypot(...vector);
    if (norm > 1e-3) found.push(vector.map((x) => x / norm));
  }
  return found;
}

/** Σ value · left rightᵀ over the singular values, row by row. */
function fromSingularValues(values: readonly number[], left: Matrix, right: Matrix): Float64Array {
  const [rows, columns] = [left[0]!.length, right[0]!.length];
  return Float64Array.from({ length: rows * columns }, (_, at) => {
    const [i, j] = [Math.floor(at / columns), at % columns];
    return values.reduce((sum, value, k) => sum + value * left[k]![i]! * right[k]![j]!, 0);
  });
}

/** What five steps of the iteration do to a singular value, in float64. */
function iterated(value: number): number {
  let x = value;
  for (let step = 0; step < 5; step++) x = 3.4445 * x - 4.775 * x ** 3 + 2.0315 * x ** 5;
  return x;
}

/** Random matrices of a shape, made of known singular values, and what the iteration makes of each. */
function stackOf(count: number, [rows, columns]: readonly [number, number], random: Random) {
  const rank = Math.min(rows, columns);
  return Array.from({ length: count }, () => {
    const values = Array.from({ length: rank }, () => 10 ** (random.uniform() * 4 - 3));
    const [left, right] = [orthonormal(rank, rows, random), orthonormal(rank, columns, random)];
    const norm = Math.hypot(...values);
    const expected = values.map((value) => iterated(value / norm));
    return {
      matrix: fromSingularValues(values, left, right),
      expected: fromSingularValues(expected, left, right),
    };
  });
}

describe('orthogonalize', () => {
  it('applies the polynomial to every singular value, and to nothing else', async () => {
    const size = fc.integer({ min: 1, max: 9 });
    await fc.assert(
      fc.asyncProperty(fc.integer(), fc.integer({ min: 1, max: 3 }), size, size, async (seed, count, rows, columns) => {
        const stack = stackOf(count, [rows, columns], new Random(seed));
        const x = fromArray(Float32Array.from(stack.flatMap(({ matrix }) => [...matrix])), [count, rows, columns]);
        const found = await orthogonalize(x).floats();
        stack
          .flatMap(({ expected }) => [...expected])
          .forEach((y, i) => {
            expect(Math.abs(found[i]! - y)).toBeLessThan(3e-4);
          });
      }),
      { numRuns: 40 },
    );
  });

  it('brings singular values close to 1, down to 0.002 of the norm', async () => {
    const values = Array.from({ length: 60 }, (_, i) => 0.002 * 1.1 ** i);
    const diagonal = Float32Array.from({ length: 61 ** 2 }, (_, at) => (at % 62 === 0 ? (values[at / 62] ?? 0) : 0));
    const norm = Math.hypot(...values);
    const found = await orthogonalize(fromArray(diagonal, [61, 61])).floats();
    for (const [i, value] of values.entries()) {
      if (value / norm < 0.002) continue;
      expect(found[62 * i]).toBeGreaterThan(0.68);
      expect(found[62 * i]).toBeLessThan(1.21);
    }
  });

  it('does not depend on the size of the matrix, and keeps zeros', async () => {
    const values = [...new Random(3).normals(12, 1)];
    const of = (scale: number) =>
      orthogonalize(
        fromArray(
          Float32Array.from(values, (x) => x * scale),
          [3, 4],
        ),
      ).floats();
    const [one, small, large] = [await of(1), await of(1e-4), await of(1e15)];
    for (const other of [small, large]) {
      other.forEach((x, i) => {
        expect(x).toBeCloseTo(one[i]!, 2);
      });
    }
    expect(new Set(await of(0))).toEqual(new Set([0]));
  });
});
