import type { OnnxModel } from '../../formats/onnx/model.ts';
import type { Pass } from './pass.ts';

/** Gives the outputs the names that users of the model expect. */
export const nameOutputs: Pass<OnnxModel> = (model, { outputNames }) => {
  if (!outputNames) return model;
  const renamed = new Map(model.outputs.map(({ name }, i) => [name, outputNames[i]!]));
  const rename = (name: string) => renamed.get(name) ?? name;
  return {
    ...model,
    nodes: model.nodes.map((node) => ({
      ...node,
      inputs: node.inputs.map(rename),
      outputs: node.outputs.map(rename),
    })),
    outputs: model.outputs.map((output) => ({ ...output, name: rename(output.name) })),
  };
};
