// Solutions of lesson 5.
import { grad, tensor } from 'tsgpt';
import { section, show } from '../kit/lesson.ts';

const [x, target] = [2, 6];
const loss = (w: number) => (w * x - target) ** 2;
const slope = (w: number) => 2 * (w * x - target) * x;

section('Exercise 1');
await show('loss at w = 5', loss(5));
await show('slope at w = 5', slope(5));
await show('after one step', 5 - 0.1 * slope(5));

section('Exercise 2');
for (const learningRate of [0.1, 0.125, 0.2]) {
  const w = 1 - learningRate * slope(1);
  await show(`learning rate ${learningRate}: weight`, w);
}

section('Exercise 3');
const [w1, w2, w3] = [tensor(1), tensor(2), tensor(0.5)];
const hidden = w1.mul(x); // 2
const wider = w2.mul(hidden); // 4
const output = w3.mul(wider); // 2
const slopes = grad(output.sub(target).square(), [w1, w2, w3]);
for (const [i, slope] of slopes.entries()) await show(`w${i + 1}`, slope);
await show('w1 by hand', 2 * (2 - 6) * 0.5 * 2 * 2);
