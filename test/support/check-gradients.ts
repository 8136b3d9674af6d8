import { expect } from 'vitest';
import { compute, grad, type Tensor } from '../../src/tensor/index.ts';
import { evaluateOnHost } from './host-evaluator.ts';

/** The scale of an error: the largest absolute value, but at least 0.1, since smaller values are differences of terms near 1. */
function scaleOf(values: ArrayLike<number>): number {
  return Math.max(0.1, ...Array.from(values, Math.abs).filter(Number.isFinite));
}

function expectClose(actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance: number, what: string): void {
  expect(actual.length, `${what}: length`).toBe(expected.length);
  const scale = scaleOf(expected);
  for (let i = 0; i < expected.length; i++) {
    const [a, e] = [actual[i]!, expected[i]!];
    if (Object.is(a, e) || a === e) continue;
    const error = Math.abs(a - e) / scale;
    if (!(error <= tolerance)) expect.fail(`${what}: element ${i} is ${a}, but should be ${e} (error ${error})`);
  }
}

/** ONNX Runtime's result in float32 must be that of the plain loops in float64. */
export async function checkValues(outputs: readonly Tensor[], tolerance = 2e-6): Promise<void> {
  await compute(outputs);
  const expected = evaluateOnHost(outputs);
  for (const [i, output] of outputs.entries()) {
    expectClose(await output.data(), expected[i]!.data, tolerance, output.toString());
  }
}

/**
 * Checks values and first and second derivatives of `f` at `inputs`. Every derivative is compared twice: the gradient graph run
 * on the host in float64 against finite differences, and run by ONNX Runtime against the host.
 */
export async function checkGradients(
  f: (inputs: readonly Tensor[]) => Tensor,
  inputs: readonly Tensor[],
  { order = 2, step = 1e-5, tolerance = 1e-6 } = {},
): Promise<void> {
  const output = f(inputs);
  await checkValues([output]);
  // Unequal weights, so that errors which cancel in a plain sum show.
  let loss = weighted(output, 0);
  for (let derivative = 1; derivative <= order; derivative++) {
    const gradients = grad(loss, inputs);
    for (const [i, input] of inputs.entries()) {
      const expected = finiteDifferences(loss, input, step);
      const [onHost] = evaluateOnHost([gradients[i]!]);
      expectClose(onHost!.data, expected, tolerance, `derivative ${derivative} by input ${i}`);
    }
    await checkValues(gradients, 1e-5);
    loss = gradients.map((gradient, i) => weighted(gradient, i + 1)).reduce((total, part) => total.add(part));
  }
}

/** A scalar that depends on every element differently. */
function weighted(x: Tensor, salt: number): Tensor {
  return x.mul(x.mul(0.3).add(1.1 + 0.2 * salt)).sum();
}

/** (f(x + h) - f(x - h)) / 2h for every element of one input, in float64. */
function finiteDifferences(loss: Tensor, input: Tensor, step: number): Float64Array {
  const [base] = evaluateOnHost([input]);
  const at = (i: number, change: number) => {
    const data = base!.data.slice();
    data[i]! += change;
    return evaluateOnHost([loss], new Map([[input, data]]))[0]!.data[0]!;
  };
  return base!.data.map((_, i) => (at(i, step) - at(i, -step)) / (2 * step));
}
