import type { OnnxModel } from '../../formats/onnx/model.ts';
import type { Pass } from './pass.ts';

/**
 * Removes operators and constants that no output needs. ONNX Runtime would run such operators and keep their operands in memory until then.
 */
export const removeUnused: Pass<OnnxModel> = (model) => {
  const needed = new Set(model.outputs.map(({ name }) => name));
  // Operators come before those that use them, so going backwards meets every use first.
  const nodes = model.nodes.toReversed().filter((node) => {
    const isNeeded = node.outputs.some((output) => needed.has(output));
    if (isNeeded) for (const input of node.inputs) needed.add(input);
    return isNeeded;
  });
  return { ...model, nodes: nodes.reverse(), initializers: model.initializers.filter(({ name }) => needed.has(name)) };
};
