import { describeValue } from '../../core/describe-value.ts';
import { ensure } from '../../core/errors.ts';
import { defineComposite } from '../composite.ts';
import { ensureTensors } from '../operands.ts';
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
  ensureTensors('oneHot', index);
  ensure(
    Number.isSafeInteger(classes) && classes > 0,
    () => `oneHot: the number of classes must be a whole number of at least 1, but is ${describeValue(classes)}`,
  );
  ensure(index.dtype === 'int32', () => `oneHot: ${index.describe()} is ${index.dtype}, but must be int32`);
  return applyOneHot([index], { classes }, indexBelow(index, classes, 'a one-hot row'))[0]!;
}
