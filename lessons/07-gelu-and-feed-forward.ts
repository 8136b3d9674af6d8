// Lesson 7: the feed-forward network. Without the bend in its middle it would be a straight line.
import {
  concat,
  FeedForward,
  fromArray,
  gelu,
  gpt2,
  gpt2Init,
  grad,
  Random,
  randn,
  relu,
  type Tensor,
} from 'tsgpt';
import { lineChartSvg } from 'tsgpt/charts';
import { layerDiagramSvg } from './kit/layer-diagram.ts';
import { picture, section } from './kit/lesson.ts';

section('GELU and ReLU');
const x = fromArray(
  Float32Array.from({ length: 601 }, (_, i) => -3 + i / 100),
  [601],
  'x',
); // -3 to 3
const y = gelu(x, 'tanh');
const xs = await x.floats();
const ys = await y.floats();
for (const at of [-2, -1, 0, 1, 2])
  console.log(`gelu(${at}) = ${ys[100 * (at + 3)]!.toFixed(4)}`);

section('The minimum');
const lowest = ys.indexOf(Math.min(...ys));
console.log(
  `lowest at x = ${xs[lowest]!.toFixed(2)}, where gelu is ${ys[lowest]!.toFixed(4)}`,
);

section('The slope');
const [slope] = grad(y.sum(), [x]); // grad takes a single number, so the sum
const slopes = await slope!.floats();
for (const at of [-2, -0.75, 0, 2])
  console.log(
    `slope at ${at}: ${slopes[Math.round(100 * (at + 3))]!.toFixed(4)}`,
  );
const curve = (series: string, heights: Float32Array) =>
  Array.from(xs, (x, i) => ({ series, x, y: heights[i]! }));
const minimum = `minimum ${ys[lowest]!.toFixed(2)} at ${xs[lowest]!.toFixed(2)}`;
picture(
  'gelu',
  await lineChartSvg({
    title: 'GELU beside ReLU',
    xLabel: 'x',
    yLabel: 'activation',
    points: [
      ...curve('GELU', ys),
      ...curve('ReLU', await relu(x).floats()),
      ...curve('slope of GELU', slopes),
      { series: minimum, x: xs[lowest]!, y: ys[lowest]! },
    ],
  }),
);

section('Exact and approximate');
const exact = x.mul(0.5).mul(x.div(Math.SQRT2).erf().add(1));
const inner = x.add(x.mul(x).mul(x).mul(0.044715)).mul(Math.sqrt(2 / Math.PI));
const approximate = x.mul(0.5).mul(inner.tanh().add(1));
const difference = async (a: Tensor, b: Tensor) =>
  (await a.sub(b).abs().max().item()).toExponential(1);
console.log(
  `largest difference between the two forms: ${await difference(exact, approximate)}`,
);
console.log(
  `to the library's: ${await difference(exact, gelu(x, 'none'))} and ${await difference(approximate, y)}`,
);

section('The feed-forward network');
const { embDim } = gpt2.small;
const random = new Random(123);
const feedForward = new FeedForward(embDim);
gpt2Init(feedForward, random);
const out = feedForward.forward(randn([2, 3, embDim], random)); // [batch, time, embDim]
console.log(out);
console.log(
  `parameters: ${feedForward.parameterCount.toLocaleString('en-US')}`,
);
for (const [name, { shape }] of feedForward.namedParameters())
  console.log(`  ${name} [${shape.join(', ')}]`);
const [wide] = feedForward.expand.weight.shape; // [4 * embDim, embDim]
picture(
  'feed-forward',
  layerDiagramSvg({
    title:
      'A feed-forward network widens each position, bends it, and narrows it again',
    layers: [
      { size: embDim, name: 'in' },
      { size: wide! },
      { size: wide! },
      { size: embDim, name: 'out' },
    ],
    operations: ['linear', 'GELU', 'linear'],
  }),
);

section('Each position on its own');
const token = randn([1, 1, embDim], random); // [batch, time, embDim]
const three = concat([randn([1, 2, embDim], random), token], 1); // the same token after two others
const [alone, among] = [
  feedForward.forward(token),
  feedForward.forward(three).slice(null, [2, 3]),
];
console.log(
  `largest difference between alone and among others: ${await difference(alone, among)}`,
);
