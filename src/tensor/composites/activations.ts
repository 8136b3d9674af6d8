import { describeValue } from '../../core/describe-value.ts';
import { ensure } from '../../core/errors.ts';
import { lowerings } from '../../graph/index.ts';
import { defineComposite } from '../composite.ts';
import { ensureTensors } from '../operands.ts';
import type { Tensor } from '../tensor.ts';

const applyRelu = defineComposite({
  name: 'relu',
  definition: ([x]) => [x!.maximum(0)],
  // At 0 the derivative is 0, as in PyTorch; that of the maximum would be one half.
  gradient: (g, { inputs: [x] }) => [g.mul(x!.gt(0).to('float32'))],
});

/** The rectified linear unit, max(x, 0). float32 or int32 of any shape, which it keeps. */
export function relu(x: Tensor): Tensor {
  return applyRelu([x], {})[0]!;
}

const applySilu = defineComposite({
  name: 'silu',
  definition: ([x]) => [x!.mul(x!.sigmoid())],
  // With y = x s, the derivative is s + y (1 - s).
  gradient: (g, { inputs: [x], output: y }) => {
    const s = x!.sigmoid();
    return [y.sub(y.mul(s)).add(s).mul(g)];
  },
});

/** x σ(x), also called swish (Elfwing et al., 2017; Ramachandran et al., 2017). float32 of any shape, which it keeps. */
export function silu(x: Tensor): Tensor {
  return applySilu([x], {})[0]!;
}

const applySoftplus = defineComposite({
  name: 'softplus',
  // log(1 + exp(x)), without the overflow of a large x.
  definition: ([x]) => [x!.maximum(0).add(x!.abs().neg().exp().add(1).log())],
  lowering: lowerings.direct('Softplus'),
  gradient: (g, { inputs: [x] }) => [g.mul(x!.sigmoid())],
});

/** log(1 + exp(x)): near 0 for negative elements, near x for positive ones. float32 of any shape, which it keeps. */
export function softplus(x: Tensor): Tensor {
  return applySoftplus([x], {})[0]!;
}

/** log σ(x), finite also where σ(x) rounds to 0. float32 of any shape, which it keeps. */
export function logSigmoid(x: Tensor): Tensor {
  ensureTensors('logSigmoid', x);
  return softplus(x.neg()).neg();
}

const tanhScale = Math.sqrt(2 / Math.PI);
const cubicShare = 0.044715;

/** (1 + tanh u) / 2 is σ(2u), so GELU is x σ(z) with z = 2u = x (a + b x²). */
const a = 2 * tanhScale;
const b = a * cubicShare;

/** x² and σ(z). */
function geluParts(x: Tensor): { square: Tensor; s: Tensor } {
  const square = x.mul(x);
  return { square, s: x.mul(square.mul(b).add(a)).sigmoid() };
}

const applyGeluTanh = defineComposite({
  name: 'geluTanh',
  definition: ([x]) => {
    const inner = x!.add(x!.mul(x!).mul(x!).mul(cubicShare)).mul(tanhScale);
    return [x!.mul(0.5).mul(inner.tanh().add(1))];
  },
  lowering: lowerings.direct('Gelu', { attributes: { approximate: 'tanh' } }),
  // With y = x s, the derivative is s + x s (1 - s) z' = s + (y - y s) (a + 3b x²): fewer steps than the chain rule through
  // tanh, as y is at hand.
  gradient: (g, { inputs: [x], output: y }) => {
    const { square, s } = geluParts(x!);
    const slope = square.mul(3 * b).add(a);
    return [y.sub(y.mul(s)).mul(slope).add(s).mul(g)];
  },
  recompute: ([x]) => x!.mul(geluParts(x!).s),
});

const applyGeluErf = defineComposite({
  name: 'geluErf',
  definition: ([x]) => [x!.mul(0.5).mul(x!.div(Math.SQRT2).erf().add(1))],
  lowering: lowerings.direct('Gelu', { attributes: { approximate: 'none' } }),
});

/**
 * The Gaussian error linear unit (Hendrycks and Gimpel, 2016): x Φ(x), with Φ the distribution function of the standard normal
 * distribution. float32 of any shape, which it keeps. `approximate` is `tanh`, the form GPT-2 was trained with, or `none`, the exact
 * form through erf. Defaults to `tanh`, unlike PyTorch's.
 */
export function gelu(x: Tensor, approximate: 'tanh' | 'none' = 'tanh'): Tensor {
  ensure(
    approximate === 'tanh' || approximate === 'none',
    () => `gelu: approximate must be 'tanh' or 'none', but is ${describeValue(approximate)}`,
  );
  return approximate === 'tanh' ? applyGeluTanh([x], {})[0]! : applyGeluErf([x], {})[0]!;
}
