// Lesson 6, solutions: layer normalisation.
import { LayerNorm, Linear, tensor } from 'tsgpt';
import { section, show } from '../kit/lesson.ts';

section('Exercise 1');
const row = tensor([[1, 2, 3, 6]]);
const norm = new LayerNorm(4);
await show('the row', norm.forward(row));
await show('ten times the row', norm.forward(row.mul(10)));
await show('the row plus 100', norm.forward(row.add(100)));

section('Exercise 2');
norm.weight.value = Float32Array.of(2, 2, 2, 2);
norm.bias.value = Float32Array.of(1, 1, 1, 1);
const changed = norm.forward(row);
await show(changed);
await show('mean', changed.mean(-1));
await show('variance', changed.var(-1, false, { correction: 0 }));

section('Exercise 3');
const layer = new Linear(4, 6);
const after = new LayerNorm(6);
const input = row.mul(100);
await show('weights as they are', after.forward(layer.forward(input)));
layer.weight.value = layer.weight.value.map((weight) => 2 * weight);
await show('weights doubled', after.forward(layer.forward(input)));
