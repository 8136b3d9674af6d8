import { afterAll, describe, expect, it } from 'vitest';
import { compile } from '../../../src/compile/index.ts';
import { buildProgram } from '../../../src/graph/build-program.ts';
import { isSafeInPlace } from '../../../src/graph/in-place.ts';
import { lowerProgram } from '../../../src/graph/lower-program.ts';
import { type Capabilities, getRuntime, type Runtime, setRuntime, standardOnnx } from '../../../src/runtime/index.ts';
import { fromArray, linear, rmsNorm, type Tensor, tensor } from '../../../src/tensor/index.ts';

const host = await getRuntime();
afterAll(() => setRuntime(host));

const domains = (outputs: readonly Tensor[], capabilities: Capabilities) =>
  new Set(lowerProgram(buildProgram(outputs, capabilities)).nodes.map(({ domain = 'ONNX' }) => domain));

describe('a program is made for what its engine can do', () => {
  const [x, weight] = [tensor([[3, 4]]).named('x'), tensor([1, 2])];

  it('with an operator of its own, or with the definition in simpler ones', () => {
    const steps = (capabilities: Capabilities) =>
      buildProgram([rmsNorm(x, weight)], capabilities).steps.map(({ node }) => node.operation.name);
    expect(steps(host.capabilities)).toEqual(['rmsNorm']);
    expect(steps(standardOnnx)).not.toContain('rmsNorm');
    expect(domains([rmsNorm(x, weight)], standardOnnx)).toEqual(new Set(['ONNX']));
    const others = new Set(['GroupQueryAttention'] as const);
    expect(steps({ ...host.capabilities, contribOperators: others })).toEqual(steps(standardOnnx));
  });

  it('with linear layers merged only where joined weights are computed once', () => {
    const weights = [2, 3].map((outputs) => fromArray(new Float32Array(2 * outputs), [outputs, 2]));
    const outputs = weights.map((matrix) => linear(x, matrix));
    const products = (capabilities: Capabilities) => {
      const program = buildProgram(outputs, capabilities, (node) => node !== x.node);
      return lowerProgram(program).nodes.filter(({ operator }) => operator === 'Gemm').length;
    };
    expect(products(host.capabilities)).toBe(1);
    expect(products({ ...host.capabilities, foldsConstants: false })).toBe(2);
  });

  it('with results written over operands only where the engine allows it', () => {
    const program = (capabilities: Capabilities) => buildProgram([x.mul(2)], capabilities);
    expect(isSafeInPlace(program(host.capabilities), 0, 0)).toBe(true);
    expect(isSafeInPlace(program({ ...host.capabilities, writesOverInputs: false }), 0, 0)).toBe(false);
  });

  it('that is asked when the graph is loaded: it runs on the runtime of that moment', async () => {
    const operators: string[][] = [];
    const simple: Runtime = {
      name: 'ONNX alone',
      capabilities: standardOnnx,
      load: (model, options) => {
        operators.push(model.nodes.map(({ domain = 'ONNX' }) => domain));
        return host.load(model, options);
      },
    };
    const normalize = compile((rows) => [rmsNorm(rows!, weight)]);
    setRuntime(simple);
    const [result] = await normalize.run([x]);
    setRuntime(host);
    expect(await normalize.run([x])).toEqual([result]);
    expect(operators).toHaveLength(1);
    expect(new Set(operators[0])).toEqual(new Set(['ONNX']));
    expect(result![0]).toBeCloseTo(3 / Math.sqrt(12.5), 4);
  });

  it('and copies instead of writing over an operand give the same', async () => {
    const array = Float32Array.of(1, 2);
    setRuntime({ ...host, capabilities: { ...host.capabilities, writesOverInputs: false } });
    const double = compile((vector) => [vector!.mul(2)]);
    for (let i = 0; i < 3; i++) await double.run([fromArray(array, [2])], [array]);
    setRuntime(host);
    expect(array).toEqual(Float32Array.of(8, 16));
  });
});
