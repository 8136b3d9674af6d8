import { describeValue } from '../../core/describe-value.ts';
import { ensure } from '../../core/errors.ts';
import { sameShape } from '../../core/shape.ts';
import { defineComposite } from '../composite.ts';
import { describeAs, ensureTensors } from '../operands.ts';
import { sumTo } from '../primitives/reductions.ts';
import type { Tensor } from '../tensor.ts';

/** The settings of ONNX's operators that normalise the rows of the last dimension. */
const overRows = (eps: number) => ({ attributes: { axis: -1 }, floats: { epsilon: eps } });

const applyStandardize = defineComposite<{ eps: number }>({
  name: 'standardize',
  definition: ([x], { eps }) => {
    const centered = x!.sub(x!.mean(-1, true));
    const variance = centered.mul(centered).mean(-1, true);
    const deviation = variance.add(eps).sqrt();
    return [centered.div(deviation), deviation.pow(-1)];
  },
  // LayerNormalization requires a weight, here ones. Its second output is the mean.
  lowering: (emitter, { inputs: [value], attributes: { eps } }, [x]) => {
    const ones = emitter.fill([value!.shape.at(-1)!], 1, 'float32');
    const [normalized, , inverseDeviation] = emitter.emitMany('LayerNormalization', [x!, ones], 3, overRows(eps));
    return [normalized!, inverseDeviation!];
  },
});

/** Every row of the last dimension shifted to mean 0 and scaled to variance 1, `[..., n]`, and the inverse standard deviations, `[..., 1]`. */
export function standardize(x: Tensor, eps: number): readonly [Tensor, Tensor] {
  return applyStandardize([x], { eps }) as readonly [Tensor, Tensor];
}

const applyLayerNorm = defineComposite<{ eps: number }>({
  name: 'layerNorm',
  definition: ([x, weight, bias], { eps }) => [standardize(x!, eps)[0].mul(weight!).add(bias!)],
  lowering: (emitter, { attributes: { eps } }, inputs) => emitter.emit('LayerNormalization', inputs, overRows(eps)),
  // With n the normalised row, d the gradient with respect to it and r the inverse standard deviation, the row's gradient is
  // r (d - mean(d) - n mean(d n)): the parts that shift or scale the whole row are removed, since normalising undoes them.
  gradient: (g, { inputs: [x, weight, bias], attributes }) => {
    const [n, r] = standardize(x!, attributes.eps);
    const d = g.mul(weight!);
    const dx = d
      .sub(d.mean(-1, true))
      .sub(n.mul(d.mul(n).mean(-1, true)))
      .mul(r);
    return [dx, sumTo(g.mul(n), weight!.shape), sumTo(g, bias!.shape)];
  },
  recompute: ([x, weight, bias], { eps }) => standardize(x!, eps)[0].mul(weight!).add(bias!),
});

/**
 * Layer normalisation (Ba, Kiros and Hinton, 2016). Every row `[n]` of `x [..., n]` is shifted to mean 0 and divided by the root of its
 * biased variance plus `eps`, then multiplied by `weight [n]` and shifted by `bias [n]`. `eps` defaults to 1e-5. Throws where the
 * weight or the bias is not as long as a row.
 */
export function layerNorm(x: Tensor, weight: Tensor, bias: Tensor, eps = 1e-5): Tensor {
  ensureTensors('layerNorm', x, weight, bias);
  ensureEps('layerNorm', eps);
  ensureFitsRows('layerNorm', x, { weight, bias });
  return applyLayerNorm([x, weight, bias], { eps })[0]!;
}

const applyDivideByRms = defineComposite<{ eps: number }>({
  name: 'divideByRms',
  definition: ([x], { eps }) => {
    const rootMeanSquare = x!.mul(x!).mean(-1, true).add(eps).sqrt();
    return [x!.div(rootMeanSquare), rootMeanSquare.pow(-1)];
  },
  // ONNX Runtime's operator requires a weight, here ones.
  lowering: (emitter, { inputs: [value], attributes: { eps } }, [x]) => {
    const ones = emitter.fill([value!.shape.at(-1)!], 1, 'float32');
    return emitter.emitMany('SimplifiedLayerNormalization', [x!, ones], 2, overRows(eps));
  },
  contribOperators: ['SimplifiedLayerNormalization'],
});

/** Every row of the last dimension divided by its root mean square, `[..., n]`, and the inverse root mean squares, `[..., 1]`. */
export function divideByRms(x: Tensor, eps: number): readonly [Tensor, Tensor] {
  return applyDivideByRms([x], { eps }) as readonly [Tensor, Tensor];
}

const applyRmsNorm = defineComposite<{ eps: number }>({
  name: 'rmsNorm',
  definition: ([x, weight], { eps }) => [divideByRms(x!, eps)[0].mul(weight!)],
  lowering: (emitter, { attributes: { eps } }, inputs) =>
    emitter.emit('SimplifiedLayerNormalization', inputs, overRows(eps)),
  contribOperators: ['SimplifiedLayerNormalization'],
  // As for layer normalisation, but normalising undoes only a scale of the row, not a shift.
  gradient: (g, { inputs: [x, weight], attributes }) => {
    const [n, r] = divideByRms(x!, attributes.eps);
    const d = g.mul(weight!);
    return [d.sub(n.mul(d.mul(n).mean(-1, true))).mul(r), sumTo(g.mul(n), weight!.shape)];
  },
  recompute: ([x, weight], { eps }) => divideByRms(x!, eps)[0].mul(weight!),
});

/**
 * Root-mean-square normalisation (Zhang and Sennrich, 2019). Every row `[n]` of `x [..., n]` is divided by the root of its mean square
 * plus `eps`, then multiplied by `weight [n]`. `eps` defaults to 1e-5. Throws where the weight is not as long as a row.
 */
export function rmsNorm(x: Tensor, weight: Tensor, eps = 1e-5): Tensor {
  ensureTensors('rmsNorm', x, weight);
  ensureEps('rmsNorm', eps);
  ensureFitsRows('rmsNorm', x, { weight });
  return applyRmsNorm([x, weight], { eps })[0]!;
}

/** Throws a TsgptError unless the root of a variance, or mean square, plus `eps` is a number. */
function ensureEps(operation: string, eps: unknown): void {
  ensure(
    Number.isFinite(eps) && (eps as number) >= 0,
    () => `${operation}: eps must be a number of at least 0, but is ${describeValue(eps)}`,
  );
}

/** Throws a TsgptError unless each parameter is a vector as long as the rows of `x`. */
function ensureFitsRows(operation: string, x: Tensor, parameters: Readonly<Record<string, Tensor>>): void {
  ensure(x.shape.length > 0, () => `${operation}: a scalar has no rows`);
  const wrong = Object.entries(parameters).filter(([, { shape }]) => !sameShape(shape, x.shape.slice(-1)));
  const found = () => wrong.map(([role, parameter]) => `${describeAs(`the ${role}`, parameter)} has ${parameter.size}`);
  ensure(
    wrong.length === 0,
    () =>
      `${operation}: the rows of ${describeAs('the input', x)} have ${x.shape.at(-1)} elements, but ${found().join(' and ')}`,
  );
}
