// Solutions of lesson 12.
import { Decoder, GPT2, tensor } from 'tsgpt';
import { section, show } from '../kit/lesson.ts';

section('Exercise 1');
let without = 0;
for (let length = 4; length < 104; length++) without += length;
await show('without a cache', without);
await show('with a cache', 4 + 99);

section('Exercise 2');
const sizes = { embDim: 64, nHeads: 4, nLayers: 2, contextLength: 16 };
const model = new GPT2({ ...sizes, vocabSize: 1000 });
async function write(prompt: number[], count: number, rank: number) {
  const ids = [...prompt];
  for (let i = 0; i < count; i++) {
    const logits = model.forward(tensor([ids], { dtype: 'int32' }));
    const { indices } = logits.slice(null, [-1]).flatten().topk(2);
    const best = await indices.array<number[]>();
    ids.push(best[rank] ?? 0);
  }
  return ids;
}
await show('likeliest', await write([1, 2, 3], 8, 0));
await show('second', await write([1, 2, 3], 8, 1));

section('Exercise 3');
const text = [1, 2, 3, 4, 5, 6];
const decoder = new Decoder(model);
const cache = decoder.createCache();
await decoder.append(cache, [text.slice(0, 5)]); // keys and values of five
const [next = Float32Array.of()] = await decoder.append(cache, [[6]]);
const whole = model.forward(tensor([text], { dtype: 'int32' }));
const last = whole.slice(null, [-1]).flatten();
const difference = tensor([...next])
  .sub(last)
  .abs()
  .max();
await show('largest difference', difference);
