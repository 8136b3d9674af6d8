import type { OnnxModel, OnnxNode } from '../../formats/onnx/model.ts';

/**
 * The operators with the one that reads the largest constant first; the engine puts them in an order of its own to run them.
 *
 * ONNX Runtime packs the constants of matrix products in the order of the operators in the file. While it packs one, that one is in memory twice.
 * The largest is usually the output head, which would come last, when everything else is in memory already.
 */
export function largestFirst({ nodes, initializers }: OnnxModel): OnnxNode[] {
  const sizes = new Map(initializers.map(({ name, data }) => [name, data.length]));
  const largest = (node: OnnxNode) => Math.max(0, ...node.inputs.map((name) => sizes.get(name) ?? 0));
  const first = nodes.reduce((a, b) => (largest(b) > largest(a) ? b : a));
  return [first, ...nodes.filter((node) => node !== first)];
}
