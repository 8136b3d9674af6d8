import type { Emitter } from './emitter.ts';
import { linearOver } from './lowerings/matrix-product.ts';
import type { Program, Step } from './program.ts';

/**
 * Linear layers of one input whose weights are constants, such as those of queries, keys and values: one product with all their weights, one
 * below the other, computes them together, which for a single token saves as many waits of the threads for each other. Each group is listed
 * under its first step, the only one to be written.
 */
export function mergeableLinears(
  { steps, constants }: Program,
  emitter: Emitter,
  names: readonly string[],
): Map<Step, Step[]> {
  const isConstant = new Set(constants.map(({ number }) => number));
  const byInput = new Map<string, Step[]>();
  for (const step of steps) {
    const [input, ...weights] = step.inputs;
    if (!isLinear(step) || !weights.every((number) => isConstant.has(number))) continue;
    const key = `${step.node.operation.name} ${input} ${emitter.storageKey(names[weights[0]!]!)}`;
    byInput.set(key, [...(byInput.get(key) ?? []), step]);
  }
  const groups = [...byInput.values()].filter((group) => group.length > 1);
  return new Map(groups.map((group) => [group[0]!, group]));
}

/** `linear`, or without a bias the product with a transposed matrix. */
function isLinear({ node: { operation, attributes, inputs } }: Step): boolean {
  if (operation.name === 'linear') return true;
  if (operation.name !== 'matmul') return false;
  const { transposeA, transposeB } = attributes as { transposeA: boolean; transposeB: boolean };
  return inputs[1]!.shape.length === 2 && transposeB && !transposeA;
}

/** Writes a group of {@link mergeableLinears}; returns the names of their results. */
export function lowerMerged(emitter: Emitter, group: readonly Step[], names: readonly string[]): string[] {
  const [{ node, inputs }] = group as [Step];
  const joined = inputs.slice(1).map((_, i) => emitter.joinRows(group.map((step) => names[step.inputs[1 + i]!]!)));
  const widths = group.map((step) => step.node.inputs[1]!.shape[0]!);
  const columns = widths.reduce((total, width) => total + width, 0);
  const [x] = node.inputs;
  return emitter.split(linearOver(emitter, x!.shape, columns, [names[inputs[0]!]!, ...joined]), widths);
}
