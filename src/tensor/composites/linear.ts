import { ensure } from '../../core/errors.ts';
import { sizeOf } from '../../core/shape.ts';
import { lowerings } from '../../graph/index.ts';
import { defineComposite } from '../composite.ts';
import { describeAs, ensureTensors } from '../operands.ts';
import { sumTo } from '../primitives/reductions.ts';
import type { Tensor } from '../tensor.ts';

const applyLinear = defineComposite({
  name: 'linear',
  definition: ([x, weight, bias]) => [x!.matmul(weight!.transpose(0, 1)).add(bias!)],
  lowering: lowerings.linear,
  gradient: (g, { inputs: [x, weight, bias] }) => {
    const rows = sizeOf(x!.shape.slice(0, -1));
    const rowsOfG = g.reshape([rows, g.shape.at(-1)!]);
    const rowsOfX = x!.reshape([rows, x!.shape.at(-1)!]);
    return [g.matmul(weight!), rowsOfG.transpose(0, 1).matmul(rowsOfX), sumTo(g, bias!.shape)];
  },
});

/**
 * A linear layer, `x weightᵀ + bias`: `x [..., in]`, a weight `[out, in]` and a bias `[out]` give `[..., out]`. `bias` defaults to none. Throws a
 * TsgptError if shapes do not fit or `x` has only one dimension.
 */
export function linear(x: Tensor, weight: Tensor, bias?: Tensor): Tensor {
  ensureTensors('linear', x, weight);
  ensure(
    x.shape.length >= 2,
    () => `linear: ${x.describe()} must have at least 2 dimensions; give rows, as in [n, features]`,
  );
  ensure(
    weight.shape.length === 2,
    () => `linear: ${describeAs('the weight', weight)} must have 2 dimensions, [out, in]`,
  );
  ensure(
    x.shape.at(-1) === weight.shape[1],
    () =>
      `linear: the rows of ${describeAs('the input', x)} have ${x.shape.at(-1)} elements, but ${describeAs('the weight', weight)} needs ${weight.shape[1]}`,
  );
  if (bias === undefined) return x.matmul(weight.transpose(0, 1));
  ensureTensors('linear', bias);
  ensure(
    bias.shape.length === 1 && bias.shape[0] === weight.shape[0],
    () => `linear: the bias ${bias.describe()} must have the ${weight.shape[0]} elements of the weight's rows`,
  );
  return applyLinear([x, weight, bias], {})[0]!;
}
