// Lesson 5: loss, slope, learning rate and the chain rule, with one weight.
import { grad, tensor } from 'tsgpt';
import { drawBars, drawCurves, drawGraph } from './kit/figures.ts';
import { section, show, table } from './kit/lesson.ts';

section('A model with one weight');
const [x, target] = [2, 6];
const model = (w: number) => w * x;
const loss = (w: number) => (model(w) - target) ** 2;
await show('answer for w = 1', model(1));
await show('loss', loss(1));

section('The slope');
await show('measured', (loss(1.001) - loss(1)) / 0.001);
const slope = (w: number) => 2 * (model(w) - target) * x;
await show('computed', slope(1));

section('One step');
const learningRate = 0.1;
const better = 1 - learningRate * slope(1);
await show('new weight', better);
await show('new loss', loss(better));

section('Ten steps');
const steps: [w: number, loss: number][] = [];
let w = 1;
for (let step = 0; step < 10; step++) {
  steps.push([w, loss(w)]);
  w -= learningRate * slope(w);
}
table(
  ['step', 'weight', 'loss'],
  steps.map(([w, loss], i) => [i, w.toFixed(6), loss.toFixed(8)]),
);
const ws = Array.from({ length: 61 }, (_, i) => i / 10);
const all = ws.map((w) => [w, loss(w)] as const);
await drawCurves(
  'steps',
  'Down the slope of the loss',
  { 'loss for every weight': all, 'the steps': steps },
  { xLabel: 'weight', yLabel: 'loss' },
);

section('The learning rate');
const train = (learningRate: number) => {
  let w = 1;
  for (let step = 0; step < 10; step++) w -= learningRate * slope(w);
  return w;
};
for (const rate of [0.01, 0.1, 0.2, 0.25, 0.3])
  await show(`weight with ${rate}`, train(rate));

section('Two layers');
const [w1, w2] = [1, 2];
const hidden = w1 * x; // 2
const output = w2 * hidden; // 4
const slopeOfOutput = 2 * (output - target); // of the loss, in the output
await show('w2', slopeOfOutput * hidden);
await show('w1', slopeOfOutput * w2 * x);
await drawGraph('chain', 'Slopes multiply on the way back', [
  ['w1 = 1', 'hidden = w1 · x = 2', '× x = 2'],
  ['hidden = w1 · x = 2', 'output = w2 · hidden = 4', '× w2 = 2'],
  ['output = w2 · hidden = 4', 'loss = (output - 6)² = 4', '× -4'],
]);

section('The library agrees');
const [first, second] = [tensor(w1), tensor(w2)];
const lossOfTwo = first.mul(x).mul(second).sub(target).square();
const slopes = grad(lossOfTwo, [first, second]);
for (const [i, slope] of slopes.entries()) await show(`w${i + 1}`, slope);

section('A long chain');
const depths = [1, 5, 10, 20];
const faded = depths.map((depth) => [`${depth}`, 0.5 ** depth] as const);
for (const [depth, slope] of faded) await show(`after ${depth}`, slope);
await drawBars('chain-of-halves', 'A slope of one half, multiplied', faded, {
  scale: 'log',
  category: 'layers',
  valueLabel: 'slope that arrives',
});
