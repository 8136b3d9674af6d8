import type { Capabilities } from '../runtime/runtime.ts';
import type { ConstantLeaves } from './constant-leaves.ts';
import type { Attributes, GraphNode, GraphValue } from './graph.ts';
import type { Leaf, Program, Step } from './program.ts';
import { inScope, scopeOfDefinition } from './scope.ts';

/**
 * Orders the graph behind `outputs`. Nodes that no output needs are left out, equal computations become one, and operations that the engine
 * lacks are replaced by their definition. Leaves for which `isConstant` holds become constants of the program instead of inputs.
 *
 * These are not passes over a finished program, because they decide its order: which leaf is used first, and which of two equal computations
 * stays. ONNX Runtime's memory depends on the order.
 */
export function buildProgram(
  outputs: readonly GraphValue[],
  capabilities: Capabilities,
  isConstant: ConstantLeaves['isConstant'] = () => false,
): Program {
  const builder = new ProgramBuilder(capabilities, isConstant);
  for (const output of outputs) builder.add(output);
  return builder.finish(outputs);
}

class ProgramBuilder {
  readonly #capabilities: Capabilities;
  readonly #isConstant: ConstantLeaves['isConstant'];
  readonly #leaves: Leaf[] = [];
  readonly #constants: Leaf[] = [];
  readonly #steps: Step[] = [];
  readonly #values: GraphValue[] = [];
  readonly #checks: Program['checks'][number][] = [];
  readonly #keyParts: string[] = [];
  /** Numbers of the outputs of nodes already placed. */
  readonly #placed = new Map<GraphNode, readonly number[]>();
  /** Leaves are the same only if they are the same object. */
  readonly #leafNumbers = new Map<GraphValue | GraphNode, number>();
  /** Steps are the same if they print to the same key. */
  readonly #stepNumbers = new Map<string, readonly number[]>();
  readonly #replacements = new Map<GraphNode, readonly GraphValue[] | undefined>();

  constructor(capabilities: Capabilities, isConstant: ConstantLeaves['isConstant']) {
    this.#capabilities = capabilities;
    this.#isConstant = isConstant;
  }

  /** Adds all that `output` needs, depth first, with an explicit stack: a deep model's graph is deeper than JavaScript's call stack. */
  add(output: GraphValue): void {
    const stack = [output];
    while (stack.length > 0) {
      const value = stack.at(-1)!;
      if (this.#numberOf(value) === undefined) {
        const needed = this.#replacementsOf(value.node) ?? value.node.inputs;
        const waiting = needed.filter((operand) => this.#numberOf(operand) === undefined);
        if (waiting.length > 0) {
          stack.push(...waiting.reverse());
          continue;
        }
        this.#place(value.node);
      }
      stack.pop();
    }
  }

  finish(outputs: readonly GraphValue[]): Program {
    const numbers = outputs.map((output) => this.#numberOf(output)!);
    return {
      capabilities: this.#capabilities,
      leaves: this.#leaves,
      constants: this.#constants,
      steps: this.#steps,
      outputs: numbers,
      values: this.#values,
      checks: this.#checks,
      key: [...this.#keyParts, `-> ${numbers}`].join('\n'),
    };
  }

  /** The number of a value, or undefined while its node waits to be placed. */
  #numberOf(value: GraphValue): number | undefined {
    if (value.cached) return this.#leafNumber(value, value);
    if (value.node.feed) return this.#leafNumber(value, value.node);
    return this.#placed.get(value.node)?.[value.index];
  }

  #leafNumber(value: GraphValue, identity: GraphValue | GraphNode): number {
    let number = this.#leafNumbers.get(identity);
    if (number === undefined) {
      number = this.#values.push(value) - 1;
      this.#leafNumbers.set(identity, number);
      const isConstant = this.#isConstant(value.node);
      (isConstant ? this.#constants : this.#leaves).push({ number, value });
      this.#keyParts.push(`${number}:${isConstant ? 'constant' : 'leaf'} ${value.dtype}[${value.shape}]`);
    }
    return number;
  }

  /** Replacements for the outputs of a node that has no lowering for this engine. */
  #replacementsOf(node: GraphNode): readonly GraphValue[] | undefined {
    const { lowering, contribOperators = [], definition } = node.operation;
    if (lowering && contribOperators.every((name) => this.#capabilities.contribOperators.has(name))) return undefined;
    const define = () => definition?.(node.inputs, node.attributes);
    const replacements = this.#replacements.get(node) ?? inScope(scopeOfDefinition(node), define);
    this.#replacements.set(node, replacements);
    return replacements;
  }

  /** Turns a node whose operands have been placed into a step, unless there is an equal step. */
  #place(node: GraphNode): void {
    this.#addChecks(node);
    const replacements = this.#replacementsOf(node);
    const inputs = (replacements ?? node.inputs).map((operand) => this.#numberOf(operand)!);
    this.#placed.set(node, replacements ? inputs : this.#stepFor(node, inputs));
  }

  /** The numbers of the results of the step that computes the node. */
  #stepFor(node: GraphNode, inputs: readonly number[]): readonly number[] {
    const key = `${node.operation.name}(${inputs})${formatAttributes(node.attributes)}`;
    let outputs = this.#stepNumbers.get(key);
    if (!outputs) {
      outputs = node.outputs.map((output) => this.#values.push(output) - 1);
      this.#stepNumbers.set(key, outputs);
      this.#steps.push({ node, inputs, outputs });
      this.#keyParts.push(`${outputs}:${key}`);
    }
    return outputs;
  }

  #addChecks(node: GraphNode): void {
    for (const { value, check } of node.checks ?? []) {
      if (!value.cached && !value.node.feed) continue; // computed in the graph
      const number = this.#numberOf(value);
      const leaf = this.#leaves.findIndex((candidate) => candidate.number === number);
      if (leaf >= 0) this.#checks.push({ leaf, check });
      else check(value.cached ?? value.node.feed!([])); // a constant never changes, so one check is enough
    }
  }
}

function formatAttributes(attributes: Attributes): string {
  return Object.entries(attributes)
    .map(([name, value]) => `${name}=${Object.is(value, -0) ? '-0' : value}`)
    .join(';');
}
