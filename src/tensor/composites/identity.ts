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

/** The tensor behind identities. */
export function behindIdentity(x: Tensor): Tensor {
  let tensor = x;
  while (tensor.node.operation.name === 'identity') tensor = tensor.node.inputs[0]!;
  return tensor;
}
