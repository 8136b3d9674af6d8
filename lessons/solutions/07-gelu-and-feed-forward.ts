// Lesson 7, solutions: GELU and the feed-forward network.
import {
  FeedForward,
  gelu,
  grad,
  relu,
  type Tensor,
  TorchRandom,
  tensor,
  torchInit,
} from 'tsgpt';
import { linspace } from 'tsgpt/tensor';
import { drawCurves } from '../kit/figures.ts';
import { learn } from '../kit/learn.ts';
import { section, show } from '../kit/lesson.ts';

section('Exercise 1');
const input = linspace(-2, 2, 64).reshape([64, 1]);
const target = input.mul(3).sin();
const fits: Record<string, Tensor> = { 'the curve': target.reshape([64]) };
const activations = { none: (x: Tensor) => x, ReLU: relu, GELU: gelu };
for (const [name, activation] of Object.entries(activations)) {
  const network = new FeedForward(1, { hiddenDim: 16, activation });
  torchInit(network, new TorchRandom(123));
  const task = { input, target, steps: 2000, learningRate: 0.1 };
  const losses = await learn(network, task);
  await show(name, losses.slice(-1));
  fits[name] = network.forward(input).reshape([64]);
}
const places = { x: input.reshape([64]) };
await drawCurves('fits', 'What 16 bends can follow', fits, places);

section('Exercise 2');
for (const hiddenDim of [768, 4 * 768, 8 * 768]) {
  const network = new FeedForward(768, { hiddenDim });
  await show(`${hiddenDim} detectors`, network.parameterCount);
}

section('Exercise 3');
const x = tensor([-3, -2, -1]);
const [ofRelu] = grad(relu(x).sum(), [x]);
const [ofGelu] = grad(gelu(x).sum(), [x]);
await show('slope of ReLU', ofRelu);
await show('slope of GELU', ofGelu);
