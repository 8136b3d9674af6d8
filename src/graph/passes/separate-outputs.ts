import type { OnnxModel, OnnxNode } from '../../formats/onnx/model.ts';
import type { Pass } from './pass.ts';

/**
 * Gives every output its own operator and name, as ONNX requires. An output that is also an input, a constant or another output becomes a copy.
 */
export const separateOutputs: Pass<OnnxModel> = (model) => {
  const taken = new Set([...model.inputs, ...model.initializers].map(({ name }) => name));
  const copies: OnnxNode[] = [];
  let nextNumber = model.nodes.reduce((total, { outputs }) => total + outputs.length, 0);
  const outputs = model.outputs.map((output) => {
    let { name } = output;
    if (taken.has(name)) {
      name = `v${nextNumber++}`;
      copies.push({ operator: 'Identity', inputs: [output.name], outputs: [name], attributes: {}, floats: {} });
    }
    taken.add(name);
    return { ...output, name };
  });
  return { ...model, nodes: [...model.nodes, ...copies], outputs };
};
