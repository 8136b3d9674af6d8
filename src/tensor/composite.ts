import { type Attributes, currentScope, type LeafCheck, type Operation } from '../graph/index.ts';
import { ensureTensors } from './operands.ts';
import type { GradientRule, TensorNode } from './primitive.ts';
import { composites, ensureNewName } from './registry.ts';
import { Tensor } from './tensor.ts';

/**
 * An operation made of others, such as GELU. It needs only a definition. If ONNX has one operator for the whole, or a gradient derived by hand needs
 * fewer steps than the chain rule, these can be given, too; the tests compare them with the definition.
 */
export interface Composite<A extends Attributes = Attributes> extends Omit<Operation<A>, 'elementwise' | 'definition'> {
  readonly definition: (inputs: readonly Tensor[], attributes: A) => readonly Tensor[];
  readonly gradient?: GradientRule<A>;
  /**
   * Recomputes the first output from values that the backward pass needs anyway. With it, a large output need not stay in memory after the
   * forward pass.
   */
  readonly recompute?: (inputs: readonly Tensor[], attributes: A) => Tensor;
}

/** Defines a composite; the result is the function that applies it and returns its outputs. */
export function defineComposite<A extends Attributes = Record<never, never>>(composite: Composite<A>) {
  ensureNewName(composite.name);
  composites.set(composite.name, composite as unknown as Composite);
  const operation = composite as unknown as Operation;
  return (inputs: readonly Tensor[], attributes: A, ...checks: LeafCheck[]): readonly Tensor[] => {
    ensureTensors(composite.name, ...inputs);
    // Applying the definition checks the operands and gives the shapes and types of the outputs.
    const outputs: Tensor[] = [];
    const node: TensorNode = { operation, inputs, attributes, outputs, checks, scope: currentScope() };
    for (const [index, output] of composite.definition(inputs, attributes).entries()) {
      outputs.push(new Tensor(node, index, output));
    }
    return outputs;
  };
}
