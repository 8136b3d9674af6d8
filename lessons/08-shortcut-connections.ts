// Lesson 8: a shortcut around every layer gives the gradient a direct way back.
import {
  gelu,
  grad,
  Linear,
  Module,
  type Tensor,
  TorchRandom,
  tensor,
  torchInit,
} from 'tsgpt';
import { barChartSvg } from './kit/bar-chart.ts';
import { picture, section, table } from './kit/lesson.ts';

section('Five layers');
class DeepNetwork extends Module {
  readonly layers: Linear[];
  readonly #useShortcuts: boolean;

  constructor(sizes: readonly number[], useShortcuts: boolean) {
    super();
    this.layers = sizes.slice(1).map((size, i) => new Linear(sizes[i]!, size));
    this.#useShortcuts = useShortcuts;
  }

  forward(x: Tensor): Tensor {
    let hidden = x;
    for (const layer of this.layers) {
      const out = gelu(layer.forward(hidden));
      const fits = out.shape.at(-1) === hidden.shape.at(-1); // a shortcut needs a layer that keeps the shape
      hidden = this.#useShortcuts && fits ? hidden.add(out) : out;
    }
    return hidden;
  }
}

section('Gradients of every layer');
async function meanGradients(useShortcuts: boolean): Promise<number[]> {
  const model = new DeepNetwork([3, 3, 3, 3, 3, 1], useShortcuts);
  torchInit(model, new TorchRandom(123)); // the same weights for both
  const difference = model.forward(tensor([[1, 0, -1]])).sub(tensor([[0]]));
  const loss = difference.square().mean();
  const gradients = grad(
    loss,
    model.layers.map(({ weight }) => weight),
  );
  return Promise.all(gradients.map((gradient) => gradient.abs().mean().item()));
}
const without = await meanGradients(false);
const withShortcuts = await meanGradients(true);
table(
  ['layer', 'without shortcuts', 'with shortcuts'],
  without.map((value, i) => [
    `layers.${i}`,
    value.toPrecision(6),
    withShortcuts[i]!.toPrecision(6),
  ]),
);

section('How far the gradient fades');
const fading = (gradients: readonly number[]) =>
  (gradients.at(-1)! / gradients[0]!).toFixed(1);
console.log(
  `the last layer's gradient over the first one's: ${fading(without)} without, ${fading(withShortcuts)} with`,
);
picture(
  'gradients',
  await barChartSvg({
    title: 'Mean absolute gradient of each layer',
    category: 'layer',
    valueLabel: 'mean |gradient|',
    scale: 'log',
    bars: without.flatMap((value, i) => [
      { label: String(i), series: 'without shortcuts', value },
      { label: String(i), series: 'with shortcuts', value: withShortcuts[i]! },
    ]),
  }),
);
