import { describe, expect, it } from 'vitest';
import { lowerProgram } from '../../../src/graph/lower-program.ts';
import { linear, type Tensor, tensor, zeros } from '../../../src/tensor/index.ts';
import { programOf } from '../../support/program.ts';

/** How often an ONNX operator occurs in what the tensors are lowered to. */
function count(operator: string, ...outputs: Tensor[]): number {
  return lowerProgram(programOf(outputs)).nodes.filter((node) => node.operator === operator).length;
}

describe('the ONNX form of a program', () => {
  const [x, weight, bias] = [zeros([2, 3, 4]), zeros([5, 4]), zeros([5])];

  it('has no operators whose results nobody needs', () => {
    // linear() itself ends by reshaping [6, 5] to [2, 3, 5]; here only another view of the product is asked for.
    expect(count('Reshape', linear(x, weight, bias).reshape([3, 2, 5]))).toBe(2);
    expect(count('Reshape', linear(x, weight, bias).reshape([6, 5]).exp())).toBe(1);
  });

  it('reshapes there and back for nothing', () => {
    const y = tensor([1, 2, 3, 4]);
    expect(count('Reshape', y.reshape([2, 2]).exp(), y.reshape([2, 2]).reshape([4]).neg())).toBe(1);
  });
});
