import { defineComposite } from '../composite.ts';
import type { Tensor } from '../tensor.ts';

const applyIdentity = defineComposite({ name: 'identity', definition: ([x]) => [x!] });

/**
 * A tensor of its own with the elements of `x`, for operations that change nothing: naming their result must not rename `x`. A program contains only
 * its definition, which is `x`, so it costs nothing.
 */
export function identity(x: Tensor): Tensor {
  return applyIdentity([x], {})[0]!;
}

/** `x` and what it is an identity of, and so on: at last a tensor that is no identity. */
export function throughIdentities(x: Tensor): [Tensor, ...Tensor[]] {
  const tensors: [Tensor, ...Tensor[]] = [x];
  for (let { node } = x; node.operation.name === 'identity'; { node } = node.inputs[0]!) tensors.push(node.inputs[0]!);
  return tensors;
}

/** The tensor behind identities. */
export function behindIdentity(x: Tensor): Tensor {
  return throughIdentities(x).at(-1)!;
}
