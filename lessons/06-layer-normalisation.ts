// Lesson 6: layer normalisation keeps the numbers in a deep network neither too large nor too small to learn from.
import {
  fromArray,
  LayerNorm,
  Linear,
  relu,
  type Tensor,
  TorchRandom,
  tensor,
  torchInit,
} from 'tsgpt';
import { barChartSvg } from './kit/bar-chart.ts';
import { picture, section } from './kit/lesson.ts';

section('Two rows from a small layer');
const torch = new TorchRandom(123); // PyTorch's random numbers, so that the digits match the textbook's
const batch = fromArray(torch.randn(2 * 5), [2, 5]);
const layer = new Linear(5, 6);
torchInit(layer, torch);
const out = relu(layer.forward(batch)); // [2, 6]
console.log(await out.print());

section('Mean and variance of each row');
const mean = out.mean(-1, true); // [2, 1]
const centered = out.sub(mean);
const variance = centered
  .square()
  .sum(-1, true)
  .div(6 - 1); // [2, 1], the unbiased variance; out.var(-1, true) gives the same
console.log(await mean.print());
console.log(await variance.print());

section('Normalised by hand');
const normalised = centered.div(variance.sqrt());
console.log(await normalised.print());

section('The class');
const norm = new LayerNorm(5); // divides by 5, not 5 - 1: the biased variance
const y = norm.forward(batch);
const rowMean = y.mean(-1, true);
const rowVariance = y.var(-1, true, { correction: 0 });
console.log(
  `largest mean: ${(await rowMean.abs().max().item()).toExponential(0)}`,
);
console.log(await rowVariance.print());

section('Why there is an eps');
const flat = tensor([[3, 3, 3, 3]]); // no two numbers differ, so the variance is 0
const standardise = (x: Tensor, eps: number) => {
  const distance = x.sub(x.mean(-1, true));
  return distance.div(distance.square().mean(-1, true).add(eps).sqrt());
};
console.log(`without eps: ${await standardise(flat, 0).print()}`);
console.log(`with 1e-5:   ${await standardise(flat, 1e-5).print()}`);

section('Biased or unbiased');
for (const n of [2, 6, 768]) {
  const x = fromArray(new TorchRandom(1).randn(n), [1, n]);
  const squares = x.sub(x.mean()).square().sum();
  const [biased, unbiased] = [
    await squares.div(n).item(),
    await squares.div(n - 1).item(),
  ];
  console.log(
    `${n} numbers: divided by n ${biased.toFixed(4)}, by n - 1 ${unbiased.toFixed(4)}`,
  );
}

section('Before and after');
const barsOf = async (panel: string, x: Tensor) => {
  const rows = await x.array<number[][]>();
  const names = ['first row', 'second row'];
  return names.flatMap((series, r) =>
    rows[r]!.map((value, i) => ({ panel, series, label: String(i), value })),
  );
};
picture(
  'normalised',
  await barChartSvg({
    title: 'Two rows before and after layer normalisation',
    category: 'position in the row',
    valueLabel: 'value',
    bars: [
      ...(await barsOf('before', out)),
      ...(await barsOf('after', normalised)),
    ],
  }),
);
