import { ensure } from '../../core/errors.ts';
import { defineComposite } from '../composite.ts';
import { arange, indexBelow } from '../primitives/leaves.ts';
import type { Tensor } from '../tensor.ts';

const applyOneHot = defineComposite<{ classes: number }>({
  name: 'oneHot',
  definition: ([index], { classes }) => [index!.unsqueeze(-1).eq(arange(classes)).to('int32')],
});

/**
 * PyTorch's `one_hot`: int32 `index [...]` gives int32 `[..., classes]`, with 1 where the index points and 0 elsewhere. A given index
 * outside 0..classes-1 makes the run fail; one that is computed in the graph gives a row of zeros. Has no gradient.
 */
export function oneHot(index: Tensor, classes: number): Tensor {
  ensure(index.dtype === 'int32', () => `oneHot: ${index.describe()} is ${index.dtype}, but must be int32`);
  return applyOneHot([index], { classes }, indexBelow(index, classes, 'a one-hot row'))[0]!;
}
