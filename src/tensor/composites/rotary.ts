import { ensure } from '../../core/errors.ts';
import { defineComposite } from '../composite.ts';
import { ensureTensors } from '../operands.ts';
import { concat } from '../primitives/movement.ts';
import { sumTo } from '../primitives/reductions.ts';
import type { Tensor } from '../tensor.ts';

/** The first half of every row of the last dimension, and the second. */
function halvesOf(x: Tensor): [Tensor, Tensor] {
  const half = x.shape.at(-1)! / 2;
  const others = x.shape.slice(0, -1).map(() => null);
  return [x.slice(...others, [0, half]), x.slice(...others, [half])];
}

const applyRotate = defineComposite({
  name: 'rotate',
  // (a, b) becomes (a cos - b sin, b cos + a sin): (a, b) times (cos, cos), plus (b, a) times (-sin, sin).
  definition: ([x, cos, sin]) => {
    const [a, b] = halvesOf(x!);
    const across = concat([b, a], -1).mul(concat([sin!.neg(), sin!], -1));
    return [x!.mul(concat([cos!, cos!], -1)).add(across)];
  },
  // The gradient is turned back by the same angle.
  gradient: (g, { inputs: [x, cos, sin] }) => {
    const [a, b] = halvesOf(x!);
    const [ga, gb] = halvesOf(g);
    return [
      rotate(g, cos!, sin!.neg()),
      sumTo(ga.mul(a).add(gb.mul(b)), cos!.shape),
      sumTo(gb.mul(a).sub(ga.mul(b)), sin!.shape),
    ];
  },
});

/**
 * Turns points in the plane, as rotary position embeddings do (Su et al., 2021). Element i of the first half of a row of `x [..., dim]`
 * and element i of its second half are the coordinates of one point. `cos` and `sin` are those of the angles, `[..., dim / 2]`, and
 * broadcast against the halves of `x`. Throws where their rows are not half as long.
 */
export function rotate(x: Tensor, cos: Tensor, sin: Tensor): Tensor {
  ensureTensors('rotate', x, cos, sin);
  ensure(
    x.shape.at(-1) === 2 * cos.shape.at(-1)!,
    () => `rotate: the rows of ${x.describe()} must be twice as long as those of the cosines ${cos.describe()}`,
  );
  return applyRotate([x, cos, sin], {})[0]!;
}
