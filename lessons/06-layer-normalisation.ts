// Lesson 6: layer normalisation keeps numbers neither too large nor too small.
import { LayerNorm, Linear, relu, Sequential, torchInit } from 'tsgpt';
import { Activation, type Layer, normalInit } from 'tsgpt/nn';
import { Random, TorchRandom } from 'tsgpt/random';
import { fromArray, linspace, randn, type Tensor, tensor } from 'tsgpt/tensor';
import { drawCurves, drawRows } from './kit/figures.ts';
import { learn } from './kit/learn.ts';
import { section, show, table } from './kit/lesson.ts';

section('Two rows from a small layer');
const torch = new TorchRandom(123);
const batch = fromArray(torch.randn(2 * 5), [2, 5]);
const layer = new Linear(5, 6);
torchInit(layer, torch);
const rows = relu(layer.forward(batch)); // [2, 6]
await show(rows);

section('Mean and variance of each row');
const mean = (x: Tensor) => x.mean(-1, true); // [2, 6] becomes [2, 1]
const variance = (x: Tensor) => mean(x.sub(mean(x)).square());
await show('mean', mean(rows));
await show('variance', variance(rows));

section('Normalised by hand');
const normalise = (x: Tensor, eps = 0) =>
  x.sub(mean(x)).div(variance(x).add(eps).sqrt());
const normalised = normalise(rows);
await show(normalised);
await show('mean', mean(normalised));
await show('variance', variance(normalised));
await drawRows('rows', 'Before and after', { rows, normalised });

section('The class');
const norm = new LayerNorm(6);
const difference = norm.forward(rows).sub(normalised).abs().max();
await show('largest difference', difference);

section('Why there is an eps');
await show('without eps', normalise(tensor([[3, 3, 3, 3]])));
await show('with 1e-5', normalise(tensor([[3, 3, 3, 3]]), 1e-5));

section('Biased or unbiased');
const unbiased = (x: Tensor) => x.var(-1, true, { correction: 1 });
await show('divided by 5', unbiased(rows));
await show('normalised', rows.sub(mean(rows)).div(unbiased(rows).sqrt()));

section('Through many layers');
function stack(depth: number, factor: number, hasNorm: boolean): Layer[] {
  const init = normalInit(factor * Math.sqrt(2 / 64));
  const layer = () => [new Linear(64, 64, { init }), new Activation(relu)];
  const normed = () => [...layer(), new LayerNorm(64)];
  return Array.from({ length: depth }, hasNorm ? normed : layer).flat();
}
const input = randn([16, 64], new Random(1));
const sizes = [];
for (const factor of [0.8, 1.2])
  for (const depth of [10, 20, 48])
    for (const hasNorm of [false, true]) {
      const layers = new Sequential(...stack(depth, factor, hasNorm));
      const size = layers.forward(input).square().mean().sqrt();
      const text = (await size.item()).toPrecision(2);
      sizes.push([factor, depth, hasNorm ? 'with' : 'without', text]);
    }
table(['weights', 'layers', 'norm', 'size'], sizes);

section('Learning with and without');
const x = linspace(-2, 2, 64).reshape([64, 1]);
const sine = { input: x, target: x.mul(3).sin() };
const curves: Record<string, number[]> = {};
for (const factor of [0.5, 1, 2])
  for (const hasNorm of [false, true]) {
    const first = new Linear(1, 64, { init: normalInit(1) });
    const layers = [first, ...stack(10, factor, hasNorm), new Linear(64, 1)];
    const task = { ...sine, steps: 300, learningRate: 0.01 };
    const losses = await learn(new Sequential(...layers), task);
    const name = `weights times ${factor}, ${hasNorm ? 'with' : 'no'} norm`;
    await show(`${name}: step, loss`, [losses.length, ...losses.slice(-1)]);
    if (factor === 0.5) curves[name] = losses;
  }
await drawCurves('learning', 'Loss, with weights of half the size', curves);
