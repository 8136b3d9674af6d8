import type { GraphNode, Lowering, NodeScope } from '../graph.ts';
import { isMatmul, linearOver } from '../lowerings/matrix-product.ts';
import type { Program, Step } from '../program.ts';
import type { StoredConstant } from '../stored-constant.ts';
import type { Pass } from './pass.ts';

/**
 * Merges linear layers that have the same input and constant weights, such as those of queries, keys and values, into one product with all their
 * weights, one below the other. For a single token, the threads then wait for each other only once.
 *
 * Operators on constants join the weights. So this needs an engine that computes those once, when it loads the model.
 */
export const mergeLinears: Pass<Program> = (program, { capabilities, storage }) => {
  const groups = capabilities.foldsConstants ? mergeableLinears(program, storage) : [];
  if (groups.length === 0) return program;
  // The merged step replaces the first of its group.
  const merged = new Map(groups.map((group) => [group[0]!, merge(group)]));
  const replaced = new Set(groups.flat());
  const steps = program.steps.flatMap((step) => merged.get(step) ?? (replaced.has(step) ? [] : step));
  return { ...program, steps };
};

/** The groups of at least two linear layers that read the same value and whose weights are constants stored alike. */
function mergeableLinears({ steps }: Program, storage: ReadonlyMap<number, StoredConstant>): Step[][] {
  const groups = new Map<string, Step[]>();
  for (const step of steps) {
    const [input, ...weights] = step.inputs;
    if (!isLinear(step) || !weights.every((number) => storage.has(number))) continue;
    const key = `${step.node.operation.name} ${input} ${formatOf(storage.get(weights[0]!)!)}`;
    groups.set(key, [...(groups.get(key) ?? []), step]);
  }
  return [...groups.values()].filter((group) => group.length > 1);
}

/** Whether a step is `linear`, or a product with a transposed matrix: a linear layer without a bias. */
function isLinear({ node }: Step): boolean {
  if (node.operation.name === 'linear') return true;
  if (!isMatmul(node)) return false;
  const { transposeA, transposeB } = node.attributes;
  return node.inputs[1]!.shape.length === 2 && transposeB && !transposeA;
}

/** Blocks can only be joined to blocks of the same kind; numbers of all kinds become float32 first. */
function formatOf(storage: StoredConstant): string {
  return storage.format === 'blocks' ? `${storage.bits} bits in blocks of ${storage.blockSize}` : 'numbers';
}

/** One step for the group. Its operands are the input, then all weights, then all biases. */
function merge(group: readonly Step[]): Step {
  const [input, ...weights] = group[0]!.inputs;
  const operands = weights.map((_, i) => group.map((step) => step.inputs[1 + i]!));
  const values = weights.map((_, i) => group.map((step) => step.node.inputs[1 + i]!));
  const node: GraphNode = {
    operation: { name: 'mergedLinears', lowering },
    inputs: [group[0]!.node.inputs[0]!, ...values.flat()],
    attributes: {},
    outputs: group.map((step) => step.node.outputs[0]!),
    scope: mergedScope(group),
  };
  return { node, inputs: [input!, ...operands.flat()], outputs: group.map((step) => step.outputs[0]!) };
}

/** The layers' scope, with a path such as `blocks.0.attention.query+key+value`. */
function mergedScope(group: readonly Step[]): NodeScope | undefined {
  const [first, ...others] = group.map(({ node }) => node.scope);
  const names = others.map((scope) => scope?.path.split('.').at(-1));
  return first && { ...first, path: [first.path, ...names].join('+') };
}

const lowering: Lowering = (emitter, node, [input, ...operands]) => {
  const count = node.outputs.length;
  const kinds = operands.length / count; // 2 if there are biases
  const joined = Array.from({ length: kinds }, (_, i) =>
    emitter.weights.joinRows(operands.slice(i * count, (i + 1) * count)),
  );
  const widths = node.inputs.slice(1, 1 + count).map(({ shape }) => shape[0]!);
  const width = widths.reduce((total, rows) => total + rows, 0);
  return emitter.split(linearOver(emitter, node.inputs[0]!.shape, width, [input!, ...joined]), widths);
};
