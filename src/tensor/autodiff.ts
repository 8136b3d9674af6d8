import { ensure } from '../core/errors.ts';
import { sameShape } from '../core/shape.ts';
import { inScope, scopeOfGradients, scopeOfSums } from '../graph/index.ts';
import type { Composite } from './composite.ts';
import { behindIdentity } from './composites/identity.ts';
import { ones, zeros } from './creation.ts';
import { ensureTensors } from './operands.ts';
import type { Primitive, TensorNode } from './primitive.ts';
import { skippedBy } from './skipped-views.ts';
import type { Tensor } from './tensor.ts';

/**
 * The gradients of `loss`, a float32 tensor with one element, with respect to ("wrt") each tensor of `wrt`: how fast the loss grows as an element
 * grows. Each has the shape of its tensor. Gradients are ordinary tensors and can be differentiated again. If the loss does not depend on a
 * tensor, its gradient is zero. Throws a TsgptError if the loss has more elements or another type.
 */
export function grad<const Wrt extends readonly Tensor[]>(
  loss: Tensor,
  wrt: Wrt,
): { -readonly [I in keyof Wrt]: Tensor } {
  ensureTensors('grad', loss);
  ensure(Array.isArray(wrt), 'grad: give the tensors to differentiate by as an array, as in grad(loss, [x])');
  ensureTensors('grad', ...wrt);
  ensure(loss.size === 1, () => `grad: the loss must have one element, but ${loss.describe()} has ${loss.size}`);
  ensure(loss.dtype === 'float32', () => `grad: the loss must be float32, but ${loss.describe()} is ${loss.dtype}`);
  return vectorJacobianProduct([loss], [ones(loss.shape)], wrt) as { -readonly [I in keyof Wrt]: Tensor };
}

/**
 * Reverse-mode differentiation: turns the gradients of a loss with respect to `outputs` into those with respect to `wrt`.
 *
 * Walks the graph backwards from the outputs and visits a node after all nodes that use it. There, the operation turns the gradient of its
 * result into the gradients of its operands. The gradients of a tensor that is used several times add up (the chain rule). With `stopAtWrt`, the
 * walk ends at the tensors of `wrt`, so that none of them counts as computed from another.
 */
function vectorJacobianProduct(
  outputs: readonly Tensor[],
  outputGradients: readonly (Tensor | undefined)[],
  wrt: readonly Tensor[],
  stopAtWrt = false,
): Tensor[] {
  const gradients = new Map<Tensor, Tensor>();
  /** The part of a view's gradient from nodes that skip it. It is not passed on: the view's operand has it already. */
  const ofViews = new Map<Tensor, Tensor>();
  const accumulate = (tensor: Tensor, gradient: Tensor | undefined, gradients: Map<Tensor, Tensor>): void => {
    if (!gradient) return;
    ensure(
      sameShape(tensor.shape, gradient.shape),
      () => `grad: the gradient of ${tensor.describe()} came out as ${gradient.describe()}`,
    );
    const sum = gradients.get(tensor);
    gradients.set(tensor, sum ? sum.add(gradient) : gradient);
  };
  outputs.forEach((output, i) => {
    accumulate(output, outputGradients[i], gradients);
  });
  const wanted = new Set(wrt);
  for (const node of nodesBetween(wrt, outputs, stopAtWrt).reverse()) {
    if (node.outputs.some((output) => gradients.has(output))) {
      const inputGradients = inScope(scopeOfGradients(node), () => gradientsOfInputs(node, gradients));
      inScope(scopeOfSums(node), () => {
        node.inputs.forEach((input, i) => {
          if (input.dtype === 'float32') accumulate(input, inputGradients[i], gradients);
        });
        for (const { tensor, operand, gradient } of skippedBy(node)) {
          const ofOperand = inputGradients[operand];
          if (ofOperand && wanted.has(tensor)) accumulate(tensor, gradient(ofOperand), ofViews);
        }
      });
    }
  }
  return wrt.map((tensor) => {
    const parts = [gradients.get(tensor), ofViews.get(tensor)].filter((part) => part !== undefined);
    return parts.length > 0 ? parts.reduce((a, b) => a.add(b)) : zeros(tensor.shape);
  });
}

function gradientsOfInputs(node: TensorNode, gradients: ReadonlyMap<Tensor, Tensor>): readonly (Tensor | undefined)[] {
  const { inputs, outputs, attributes } = node;
  const { gradient, definition } = node.operation as Partial<Composite>;
  const outputGradients = outputs.map((output) => gradients.get(output));
  if (gradient) {
    const output = recomputed(outputs[0]!);
    return gradient(outputGradients[0]!, { inputs: inputs.map(recomputed), output, attributes });
  }
  // An operation defined by others is differentiated through its definition.
  const inputGradients = vectorJacobianProduct(definition!(inputs, attributes), outputGradients, inputs, true);
  // An operand that occurs twice gets its whole gradient at its first position.
  return inputGradients.map((gradientOfInput, i) => (inputs.indexOf(inputs[i]!) === i ? gradientOfInput : undefined));
}

/** Tensors with more elements than this are recomputed for the backward pass; smaller ones are cheaper to keep. */
const recomputeSize = 1 << 20;

/** The tensor, recomputed for the backward pass if it is large and its operation has a rule for that. */
function recomputed(tensor: Tensor): Tensor {
  const { operation, inputs, attributes } = behindIdentity(tensor).node;
  const { recompute } = operation as Partial<Primitive>;
  return recompute && tensor.size > recomputeSize ? recompute(inputs, attributes) : tensor;
}

/** The nodes on a path from one of `sources` to one of `outputs`, operands before their users. */
function nodesBetween(sources: readonly Tensor[], outputs: readonly Tensor[], stopAtSources: boolean): TensorNode[] {
  const wanted = new Set(sources);
  const ordered: TensorNode[] = [];
  /** Whether the node depends on a source; missing until the node's operands have been visited. */
  const depends = new Map<TensorNode, boolean>();
  const reaches = (tensor: Tensor) => wanted.has(tensor) || depends.get(tensor.node) === true;
  // An explicit stack: the graph of a deep model is deeper than JavaScript's call stack.
  const stack = outputs.map((output) => output.node);
  while (stack.length > 0) {
    const node = stack.at(-1)!;
    const behind = node.inputs.filter((input) => !(stopAtSources && wanted.has(input))).map((input) => input.node);
    const waiting = depends.has(node) ? [] : behind.filter((input) => !depends.has(input));
    if (waiting.length > 0) {
      stack.push(...waiting);
      continue;
    }
    stack.pop();
    if (depends.has(node)) continue;
    const onPath = node.inputs.some(reaches) || skippedBy(node).some(({ tensor }) => wanted.has(tensor));
    depends.set(node, onPath);
    if (onPath) ordered.push(node);
  }
  return ordered;
}
