// Lesson 5: the feed-forward network, and the bend in it without which it would be one straight line.
import { FeedForward, fromArray, gelu, gpt2, grad, normalInit, Random, randn, relu, tensor } from 'tsgpt';
import { layerDiagramSvg, lineChartSvg } from 'tsgpt/charts';
import { picture, section } from './kit/lesson.ts';

section('GELU and ReLU');
const x = fromArray(
  Float32Array.from({ length: 601 }, (_, i) => -3 + i / 100),
  [601],
  'x',
); // -3 to 3
const y = gelu(x, 'tanh');
const xs = (await x.data()) as Float32Array;
const ys = (await y.data()) as Float32Array;
for (const at of [-2, -1, 0, 1, 2]) console.log(`gelu(${at}) = ${ys[100 * (at + 3)]!.toFixed(4)}`);

section('The minimum');
const lowest = ys.indexOf(Math.min(...ys));
console.log(`lowest at x = ${xs[lowest]!.toFixed(2)}, where gelu is ${ys[lowest]!.toFixed(4)}`);

section('The slope');
const [slope] = grad(y.sum(), [x]);
const slopes = (await slope!.data()) as Float32Array;
for (const at of [-2, -0.75, 0, 2]) console.log(`slope at ${at}: ${slopes[Math.round(100 * (at + 3))]!.toFixed(4)}`);
picture(
  'gelu',
  lineChartSvg({
    title: 'GELU beside ReLU',
    x: { label: 'x' },
    y: { label: 'activation' },
    series: [
      { name: 'GELU', xs, ys },
      { name: 'ReLU', xs, ys: (await relu(x).data()) as Float32Array },
      { name: 'slope of GELU', xs, ys: slopes },
    ],
    notes: [{ x: xs[lowest]!, y: ys[lowest]!, text: `minimum ${ys[lowest]!.toFixed(2)} at ${xs[lowest]!.toFixed(2)}` }],
  }),
);

section('Exact and approximate');
const difference = gelu(x, 'none').sub(y).abs();
console.log(`largest difference between the two forms: ${(await difference.max().item()).toExponential(1)}`);

section('The feed-forward network');
const { embDim } = gpt2.small;
const random = new Random(123);
const feedForward = new FeedForward(embDim, random, normalInit(0.02));
const out = feedForward.forward(randn([2, 3, embDim], random)); // [batch, time, embDim]
console.log(out.toString());
console.log(`parameters: ${feedForward.parameterCount}`);
for (const [name, { shape }] of feedForward.namedParameters()) console.log(`  ${name} [${shape.join(', ')}]`);
const sizes = [
  feedForward.expand.weight.shape[1]!,
  feedForward.expand.weight.shape[0]!,
  feedForward.contract.weight.shape[0]!,
];
picture(
  'feed-forward',
  layerDiagramSvg({
    title: 'A feed-forward network widens each position, bends it, and narrows it again',
    layers: [
      { size: sizes[0]!, name: 'in' },
      { size: sizes[1]! },
      { size: sizes[1]! },
      { size: sizes[2]!, name: 'out' },
    ],
    operations: ['linear', 'GELU', 'linear'],
  }),
);

section('Each position on its own');
const one = tensor([[Array.from({ length: embDim }, (_, i) => Math.sin(i))]]); // [1, 1, embDim]
const alone = feedForward.forward(one);
const among = feedForward.forward(one.expand([1, 3, embDim])).slice(null, [1, 2]);
console.log(`difference among others and alone: ${await alone.sub(among).abs().max().item()}`);
