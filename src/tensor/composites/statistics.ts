import { describeValue } from '../../core/describe-value.ts';
import { ensure } from '../../core/errors.ts';
import { isOpen } from '../../core/open-length.ts';
import { knownOptions, type OptionNames } from '../../core/options.ts';
import { normalizeDims, type Shape } from '../../core/shape.ts';
import { defineComposite } from '../composite.ts';
import { ensureFloat } from '../primitive.ts';
import { where } from '../primitives/elementwise.ts';
import { ensureKeepDim, keptShape } from '../primitives/reductions.ts';
import type { Tensor } from '../tensor.ts';

export interface VarianceOptions {
  /**
   * The sum of squares is divided by the number of elements minus this: 1 gives the unbiased variance, 0 the biased one, which normalisation
   * layers use. Defaults to 1.
   */
  correction?: number;
}

const varianceOptions: OptionNames<VarianceOptions> = { correction: true };

function correctionOf(operation: string, options: VarianceOptions): number {
  const { correction = 1 } = knownOptions(operation, options, varianceOptions);
  ensure(
    Number.isFinite(correction),
    () => `${operation}: the correction must be a number, but is ${describeValue(correction)}`,
  );
  return correction;
}

/** The divisor of the sum of squares; at least 0, so that the result is NaN or infinite, as in PyTorch. */
function divisorOf(operation: string, x: Tensor, dims: Shape, correction: number): number {
  const count = dims.reduce((product, dim) => product * x.shape[dim]!, 1);
  ensure(
    !isOpen(count),
    () =>
      `${operation}: the number of elements is not known while the graph is built; take mean() of the squares instead`,
  );
  return Math.max(0, count - correction);
}

export function variance(
  x: Tensor,
  dims: number | Shape | undefined,
  keepDim: boolean,
  options: VarianceOptions,
): Tensor {
  ensureFloat('var', x);
  ensureKeepDim('var', keepDim);
  const correction = correctionOf('var', options);
  const normalized = normalizeDims(dims, x.shape.length, 'var');
  const divisor = divisorOf('var', x, normalized, correction);
  return x.sub(x.mean(normalized, true)).square().sum(normalized, keepDim).div(divisor);
}

const applyNorm = defineComposite<{ dims: Shape; keepDim: boolean }>({
  name: 'norm',
  definition: ([x], { dims, keepDim }) => [x!.square().sum(dims, keepDim).sqrt()],
  // Of zeros alone, the norm has no derivative; PyTorch takes 0.
  gradient: (g, { inputs: [x], output: y, attributes: { dims } }) => {
    const slope = where(y.eq(0), 0, g.div(y));
    return [x!.mul(slope.reshape(keptShape(x!.shape, dims)))];
  },
});

export function norm(x: Tensor, dims: number | Shape | undefined, keepDim: boolean): Tensor {
  ensureFloat('norm', x);
  ensureKeepDim('norm', keepDim);
  return applyNorm([x], { dims: normalizeDims(dims, x.shape.length, 'norm'), keepDim })[0]!;
}

const applyStd = defineComposite<{ dims: Shape; keepDim: boolean; correction: number }>({
  name: 'std',
  definition: ([x], { dims, keepDim, correction }) => [variance(x!, dims, keepDim, { correction }).sqrt()],
  // If all elements are equal, the standard deviation is 0 and the square root has no derivative; PyTorch takes 0.
  gradient: (g, { inputs: [x], output: y, attributes: { dims, correction } }) => {
    const slope = where(y.eq(0), 0, g.div(y.mul(divisorOf('std', x!, dims, correction))));
    return [x!.sub(x!.mean(dims, true)).mul(slope.reshape(keptShape(x!.shape, dims)))];
  },
});

export function std(x: Tensor, dims: number | Shape | undefined, keepDim: boolean, options: VarianceOptions): Tensor {
  ensureFloat('std', x);
  ensureKeepDim('std', keepDim);
  const correction = correctionOf('std', options);
  return applyStd([x], { dims: normalizeDims(dims, x.shape.length, 'std'), keepDim, correction })[0]!;
}
