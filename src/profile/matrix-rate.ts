import { compile } from '../compile/index.ts';
import { ensureCount } from '../core/kind.ts';
import { Random } from '../random/index.ts';
import { fromArray } from '../tensor/index.ts';

/** How fast the current runtime multiplies large matrices. */
export interface MatrixRate {
  /** The matrices are `[size, size]`. */
  readonly size: number;
  /** Multiplications and additions in a second, in the best of several products. */
  readonly flopsPerSecond: number;
}

/** The higher of two rates: other programs can only lower what is measured. */
export function fasterOf(a: MatrixRate, b: MatrixRate): MatrixRate {
  return a.flopsPerSecond > b.flopsPerSecond ? a : b;
}

/** For so many milliseconds, and at least five times, products are repeated. */
const patience = 250;

/** Measures {@link MatrixRate} with float32 matrices. `size` defaults to 1024. */
export async function measureMatrixRate(size = 1024): Promise<MatrixRate> {
  ensureCount('the size of a matrix', size);
  const multiply = compile((a, b) => [a!.matmul(b!)]);
  const random = new Random(1);
  const matrices = [1, 2].map(() => fromArray(Float32Array.from(random.normals(size * size)), [size, size]));
  const into = [new Float32Array(size * size)];
  await multiply.run(matrices, into); // loads it
  let best = Number.POSITIVE_INFINITY;
  const begin = performance.now();
  for (let i = 0; i < 5 || performance.now() - begin < patience; i++) {
    const start = performance.now();
    await multiply.run(matrices, into);
    best = Math.min(best, performance.now() - start);
  }
  return { size, flopsPerSecond: (2 * size ** 3) / (best / 1000) };
}
