// Lesson 8, solutions: shortcut connections.
import { grad, mseLoss, type Tensor, tensor } from 'tsgpt';
import { section, show } from '../kit/lesson.ts';

section('Exercise 1');
await show('ten slopes of 0.1', 0.1 ** 10);
await show('ten slopes of 1 + 0.1', (1 + 0.1) ** 10);

section('Exercise 2');
const x = tensor([2]);
function slopeThrough(depth: number, layer: (x: Tensor) => Tensor): Tensor {
  let y = x;
  for (let i = 0; i < depth; i++) y = layer(y);
  const [slope] = grad(y.sum(), [x]);
  return slope;
}
for (const depth of [10, 20]) {
  const without = slopeThrough(depth, (x) => x.mul(0.5));
  const withShortcut = slopeThrough(depth, (x) => x.add(x.mul(0.5)));
  const scaled = slopeThrough(depth, (x) => x.add(x.mul(0.5 / depth)));
  await show(`${depth} layers, without`, without);
  await show(`${depth} layers, with`, withShortcut);
  await show(`${depth} layers, with smaller weights`, scaled);
}

section('Exercise 3');
const [a, b] = [tensor([3]), tensor([4])];
const loss = mseLoss(a.add(b), tensor([10]));
const [ofA, ofB] = grad(loss, [a, b]);
await show('gradient of a', ofA);
await show('gradient of b', ofB);
