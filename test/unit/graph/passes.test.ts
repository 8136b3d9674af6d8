import { describe, expect, it } from 'vitest';
import type { OnnxModel, OnnxTensor, OnnxValue } from '../../../src/formats/onnx/model.ts';
import { modelPasses, runPasses } from '../../../src/graph/passes/index.ts';
import { nameOutputs } from '../../../src/graph/passes/name-outputs.ts';
import { removeUnused } from '../../../src/graph/passes/remove-unused.ts';
import { separateOutputs } from '../../../src/graph/passes/separate-outputs.ts';
import { standardOnnx } from '../../../src/runtime/index.ts';

const value = (name: string): OnnxValue => ({ name, type: 'float32', shape: [2] });
const constant = (name: string): OnnxTensor => ({ ...value(name), data: new Uint8Array(8) });
const operator = (output: string, ...inputs: string[]) => {
  return { operator: 'Sum', inputs, outputs: [output], attributes: {}, floats: {} };
};
const context = { capabilities: standardOnnx, storage: new Map() };

const model: OnnxModel = {
  inputs: [value('x')],
  initializers: [constant('weight'), constant('spare')],
  nodes: [operator('v0', 'x', 'weight'), operator('v1', 'v0', 'spare'), operator('v2', 'v0')],
  outputs: [value('v2'), value('v2'), value('x'), value('weight')],
};
const lines = ({ nodes }: OnnxModel) => nodes.map((node) => `${node.outputs} = ${node.operator}(${node.inputs})`);
const names = (values: readonly { name: string }[]) => values.map(({ name }) => name);

describe('passes over an ONNX model', () => {
  it('give every output an operator of its own', () => {
    const separate = separateOutputs(model, context);
    expect(names(separate.outputs)).toEqual(['v2', 'v3', 'v4', 'v5']);
    expect(lines(separate).slice(3)).toEqual(['v3 = Identity(v2)', 'v4 = Identity(x)', 'v5 = Identity(weight)']);
  });

  it('remove operators and constants that no output needs, and no inputs', () => {
    const used = removeUnused({ ...model, outputs: [value('v2')] }, context);
    expect(lines(used)).toEqual(['v0 = Sum(x,weight)', 'v2 = Sum(v0)']);
    expect(names(used.initializers)).toEqual(['weight']);
    const nothing = removeUnused({ ...model, outputs: [] }, context);
    expect([nothing.nodes, nothing.initializers, names(nothing.inputs)]).toEqual([[], [], ['x']]);
  });

  it('name the outputs where names are asked for, wherever they are used', () => {
    const outputNames = ['sum'];
    const named = nameOutputs({ ...model, outputs: [value('v0')] }, { ...context, outputNames });
    expect(lines(named)).toEqual(['sum = Sum(x,weight)', 'v1 = Sum(sum,spare)', 'v2 = Sum(sum)']);
    expect(nameOutputs(model, context)).toBe(model);
  });

  it('run one after the other, and leave the model they are given as it is', () => {
    const before = structuredClone(model);
    const after = runPasses(modelPasses, model, { ...context, outputNames: ['a', 'b', 'c', 'd'] });
    expect(lines(after)).toEqual([
      'v0 = Sum(x,weight)',
      'a = Sum(v0)',
      'b = Identity(a)',
      'c = Identity(x)',
      'd = Identity(weight)',
    ]);
    expect(model).toEqual(before);
  });
});
