// Solutions of lesson 3.
import { Embedding, GPT2Tokenizer, type Tensor, tensor } from 'tsgpt';
import { section, show } from '../kit/lesson.ts';

const tokenizer = new GPT2Tokenizer();

section('Exercise 1');
for (const text of ['day', ' day', 'Day', 'days', ' daydream'])
  await show(JSON.stringify(text), tokenizer.encode(text));

section('Exercise 2');
const words = [
  { pieces: [...'low'], times: 20 },
  { pieces: [...'lower'], times: 2 },
  { pieces: [...'lowest'], times: 3 },
  { pieces: [...'newest'], times: 6 },
];
const counts = new Map<string, number>();
for (const { pieces, times } of words)
  for (const [i, right] of pieces.slice(1).entries()) {
    const pair = `${pieces[i]} + ${right}`;
    counts.set(pair, (counts.get(pair) ?? 0) + times);
  }
for (const [pair, count] of counts) await show(pair, count);

section('Exercise 3');
const tokenEmbedding = new Embedding(50257, 768);
const positions = new Embedding(1024, 768).weight.slice([0, 3]); // [3, 768]
const read = (text: string) =>
  tokenEmbedding.forward(tensor(tokenizer.encode(text), { dtype: 'int32' }));
const first = read(' dog bites man'); // [3, 768]
const second = read(' man bites dog');
/** The largest difference between the vector of " man" in both texts. */
const difference = (a: Tensor, b: Tensor) =>
  a
    .slice([2, 3])
    .sub(b.slice([0, 1]))
    .abs()
    .max();
await show('without positions', difference(first, second));
await show(
  'with positions',
  difference(first.add(positions), second.add(positions)),
);
