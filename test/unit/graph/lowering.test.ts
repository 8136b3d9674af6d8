import { describe, expect, it } from 'vitest';
import { lowerings } from '../../../src/graph/index.ts';
import { lowerProgram } from '../../../src/graph/lower-program.ts';
import { defineComposite } from '../../../src/tensor/composite.ts';
import { linear, type Tensor, tensor, zeros } from '../../../src/tensor/index.ts';
import { composites } from '../../../src/tensor/registry.ts';
import { checkGradients } from '../../support/check-gradients.ts';
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

  it('has one operator for an operation that equals it, with attributes of any kind', async () => {
    const hardSigmoid = defineComposite<{ alpha: number; beta: number }>({
      name: 'testHardSigmoid',
      definition: ([x], { alpha, beta }) => [x!.mul(alpha).add(beta).clamp(0, 1)],
      lowering: lowerings.direct('HardSigmoid', (floats) => ({ floats })),
    });
    const y = tensor([-3, -0.7, 0.2, 3]);
    const apply = (x: Tensor) => hardSigmoid([x], { alpha: 0.3, beta: 0.45 })[0]!;
    composites.delete('testHardSigmoid');
    expect(count('HardSigmoid', apply(y))).toBe(1);
    expect(lowerProgram(programOf([apply(y)])).nodes).toHaveLength(1);
    await checkGradients(([x]) => apply(x!), [y]);
  });
});
