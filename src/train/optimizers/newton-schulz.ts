import type { Tensor } from '../../tensor/index.ts';

/** The iteration of Jordan et al. (2024): few steps bring singular values close to 1, and not exactly to 1. */
const [a, b, c] = [3.4445, -4.775, 2.0315];

/** Keeps a matrix of zeros as it is. */
const EPSILON = 1e-7;

/**
 * Makes the singular values of matrices nearly equal: X = U S Vᵀ becomes about U Vᵀ, with singular values between 0.68 and 1.21 unless they were
 * less than 0.002 of the Frobenius norm.
 *
 * The singular values are first brought into [0, 1]. Then each step applies the odd polynomial a x + b x³ + c x⁵ to them, through products of matrices:
 *
 *     A = X Xᵀ,  X ← a X + (b A + c A²) X
 *
 * @param x `[..., rows, columns]`, a stack of matrices
 */
export function orthogonalize(x: Tensor, steps = 5): Tensor {
  const [rows, columns] = x.shape.slice(-2) as [number, number];
  const isWide = rows <= columns;
  let result = x.div(x.mul(x).sum([-2, -1], true).sqrt().add(EPSILON));
  for (let step = 0; step < steps; step++) {
    const transposed = result.transpose(-2, -1);
    // The smaller of X Xᵀ and Xᵀ X: [..., n, n] with n = min(rows, columns).
    const gram = isWide ? result.matmul(transposed) : transposed.matmul(result);
    const factor = gram.mul(b).add(gram.matmul(gram).mul(c));
    result = result.mul(a).add(isWide ? factor.matmul(result) : result.matmul(factor));
  }
  return result;
}
