// Solutions of lesson 11.
import { GPT2, GPT2Tokenizer, gpt2, tensor } from 'tsgpt';
import { parametersOf } from '../kit/costs.ts';
import { section, show } from '../kit/lesson.ts';

section('Exercise 1');
const separate = { ...gpt2.small, tiedHead: false };
await show('by hand', 163_009_536 + 12 * 7_085_568);
await show('counted', parametersOf({ ...separate, nLayers: 24 }));

section('Exercise 2');
const narrow = { ...separate, embDim: 384, nHeads: 6 };
for (const nLayers of [12, 48, 69, 70, 71])
  await show(`${nLayers} blocks`, parametersOf({ ...narrow, nLayers }));

section('Exercise 3');
const tokenizer = new GPT2Tokenizer();
const model = new GPT2({ ...gpt2.small, nLayers: 2 });
const read = (text: string) =>
  model.forward(tensor([tokenizer.encode(text)], { dtype: 'int32' }));
const change = read('Every effort moves you').sub(
  read('Every effort moves them'),
);
await show('largest change at each position', change.abs().max(-1));
