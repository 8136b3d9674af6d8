import type { HostArray } from '../core/dtype.ts';
import type { Engine } from './emitter.ts';
import type { Attributes, GraphNode, GraphValue } from './graph.ts';
import type { ConstantLeaves } from './stored-constant.ts';

/**
 * A graph ready to be written as ONNX: only what the outputs need, every computation once, in an order in which operands
 * come first.
 */
export interface Program {
  /** The arrays the program is fed, in the order of first use. */
  readonly leaves: readonly Leaf[];
  /** The arrays that are part of the program itself. */
  readonly constants: readonly Leaf[];
  readonly steps: readonly Step[];
  /** For each output, the number of its value. */
  readonly outputs: readonly number[];
  /** For each value by number, what it looks like. Leaves and step results share one numbering. */
  readonly values: readonly GraphValue[];
  /** What to look at before each run: the leaf's position and its check. */
  readonly checks: readonly { leaf: number; check: (data: HostArray) => void }[];
  /** Equal for programs that do the same; their leaves then correspond in order. */
  readonly key: string;
}

/** A value that a {@link Program} is fed. */
export interface Leaf {
  readonly number: number;
  readonly value: GraphValue;
}

/** One operation of a {@link Program}, its operands and results given by number. */
export interface Step {
  readonly node: GraphNode;
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
}

/**
 * Orders the graph behind `outputs`, drops what is not needed, and merges equal computations. Leaves for which `isConstant` holds
 * are stored with the program instead of being fed to it. For `engine` 'any', operations are expanded whose lowering
 * needs more than ONNX's own operators.
 */
export function buildProgram(
  outputs: readonly GraphValue[],
  isConstant: ConstantLeaves['isConstant'] = () => false,
  engine: Engine = 'ONNX Runtime',
): Program {
  const leaves: Leaf[] = [];
  const constants: Leaf[] = [];
  const steps: Step[] = [];
  const values: GraphValue[] = [];
  const checks: Program['checks'][number][] = [];
  const keyParts: string[] = [];
  /** Numbers of the outputs of nodes already placed. */
  const placed = new Map<GraphNode, readonly number[]>();
  /** Leaves are the same only if they are the same object; other steps if they print to the same key. */
  const leafNumbers = new Map<unknown, number>();
  const stepByKey = new Map<string, readonly number[]>();
  const expansions = new Map<GraphNode, readonly GraphValue[]>();

  const addLeaf = (value: GraphValue, identity: unknown): number => {
    let number = leafNumbers.get(identity);
    if (number === undefined) {
      number = values.length;
      leafNumbers.set(identity, number);
      values.push(value);
      const kind = isConstant(value.node) ? 'constant' : 'leaf';
      (kind === 'constant' ? constants : leaves).push({ number, value });
      keyParts.push(`${number}:${kind} ${value.dtype}[${value.shape}]`);
    }
    return number;
  };

  /** The number of a value, or undefined while its node waits to be placed. */
  const numberOf = (value: GraphValue): number | undefined => {
    if (value.cached) return addLeaf(value, value);
    if (value.node.feed) return addLeaf(value, value.node);
    return placed.get(value.node)?.[value.index];
  };

  const place = (node: GraphNode, inputs: readonly number[], results: readonly GraphValue[]): void => {
    const key = `${node.operation.name}(${inputs})${formatAttributes(node.attributes)}`;
    let numbers = stepByKey.get(key);
    if (!numbers) {
      numbers = results.map((result) => values.push(result) - 1);
      stepByKey.set(key, numbers);
      steps.push({ node, inputs, outputs: numbers });
      keyParts.push(`${numbers}:${key}`);
    }
    placed.set(node, numbers);
  };

  // Depth first with a stack of our own: a deep model's graph is deeper than JavaScript's call stack.
  const visit = (root: GraphValue): void => {
    const stack = [root];
    while (stack.length > 0) {
      const value = stack.at(-1)!;
      if (numberOf(value) !== undefined) {
        stack.pop();
        continue;
      }
      const { node } = value;
      const { lowering, contribOperators = [], expand } = node.operation;
      const isWritten = lowering && (engine === 'ONNX Runtime' || contribOperators.length === 0);
      const expansion = isWritten ? undefined : (expansions.get(node) ?? expand?.(node));
      if (expansion) expansions.set(node, expansion);
      const needed = expansion ?? node.inputs;
      const waiting = needed.filter((operand) => numberOf(operand) === undefined);
      if (waiting.length > 0) {
        stack.push(...waiting.reverse());
        continue;
      }
      const numbers = needed.map((operand) => numberOf(operand)!);
      for (const { value: checked, check } of node.checks ?? []) {
        if (checked.cached || checked.node.feed) {
          const number = numberOf(checked);
          const leaf = leaves.findIndex((candidate) => candidate.number === number);
          if (leaf >= 0) checks.push({ leaf, check });
          else check(checked.cached ?? checked.node.feed!([])); // a constant is looked at once and for all
        }
      }
      if (expansion) placed.set(node, numbers);
      else place(node, numbers, node.outputs);
      stack.pop();
    }
  };

  for (const output of outputs) visit(output);
  const outputNumbers = outputs.map((output) => numberOf(output)!);
  keyParts.push(`-> ${outputNumbers}`);
  return { leaves, constants, steps, outputs: outputNumbers, values, checks, key: keyParts.join('\n') };
}

function formatAttributes(attributes: Attributes): string {
  return Object.entries(attributes)
    .map(([name, value]) => `${name}=${Object.is(value, -0) ? '-0' : value}`)
    .join(';');
}
