// Lesson 10, solutions: the transformer block.
import { Attention, dropout, FeedForward, LayerNorm, Module } from 'tsgpt';
import { type Layer, Sequential, torchInit } from 'tsgpt/nn';
import { Random, TorchRandom } from 'tsgpt/random';
import { ones, randn, type Tensor, tensor } from 'tsgpt/tensor';
import { learn } from '../kit/learn.ts';
import { section, show } from '../kit/lesson.ts';

section('Exercise 1');
const half = dropout(ones([1000, 1000]), 0.5, new Random(1));
await show('twelve of them', half.slice([0, 1], [0, 12]));
await show('mean of a million', half.mean());

section('Exercise 2');
type Without = 'nothing' | 'norms' | 'shortcuts' | 'a norm before';
class Part extends Module {
  readonly norm = new LayerNorm(16);
  readonly layer: Layer;
  readonly without: Without;

  constructor(layer: Layer, without: Without) {
    super();
    this.layer = layer;
    this.without = without;
  }

  forward(x: Tensor): Tensor {
    const { norm, layer, without } = this;
    if (without === 'norms') return x.add(layer.forward(x));
    if (without === 'shortcuts') return layer.forward(norm.forward(x));
    if (without === 'a norm before')
      return norm.forward(x.add(layer.forward(x)));
    return x.add(layer.forward(norm.forward(x)));
  }
}
const input = randn([16, 8, 16], new Random(1)); // [batch, time, embDim]
const counts = tensor([1, 2, 3, 4, 5, 6, 7, 8]).reshape([8, 1]);
const target = input.cumsum(1).div(counts); // the mean of all so far
const trials = [
  ['nothing', 1, 0.3],
  ['norms', 1, 0.3],
  ['shortcuts', 1, 0.3],
  ['a norm before', 1, 0.3],
  ['nothing', 2, 0.05],
  ['norms', 2, 0.05],
] as const;
for (const [without, factor, learningRate] of trials) {
  const parts = Array.from({ length: 6 }, () => [
    new Part(new Attention({ embDim: 16, nHeads: 2 }), without),
    new Part(new FeedForward(16), without),
  ]);
  const stack = new Sequential(...parts.flat());
  torchInit(stack, new TorchRandom(1));
  for (const matrix of stack.parameters())
    if (matrix.shape.length > 1)
      matrix.value = matrix.value.map((weight) => factor * weight);
  const task = { input, target, steps: 100, learningRate };
  const losses = await learn(stack, task);
  const name = `weights times ${factor}, without ${without}: step, loss`;
  await show(name, [losses.length, ...losses.slice(-1)]);
}

section('Exercise 3');
const random = new Random(1);
const attention = new Attention({ embDim: 16, nHeads: 2 });
torchInit(attention, new TorchRandom(1));
let [before, after] = [randn([1, 8, 16], random), randn([1, 8, 16], random)];
const norm = new LayerNorm(16);
const size = (x: Tensor) => x.square().mean().sqrt();
for (let i = 0; i < 12; i++) {
  before = before.add(attention.forward(norm.forward(before)));
  after = norm.forward(after.add(attention.forward(after)));
}
await show('stream, norm before each part', size(before));
await show('stream, norm after each sum', size(after));
