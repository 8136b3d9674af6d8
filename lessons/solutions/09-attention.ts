// Lesson 9, solutions: attention.
import { Attention, arange, Random, randn, tensor, where } from 'tsgpt';
import { headsLookingAt, openAusten } from '../kit/austen.ts';
import { section, show } from '../kit/lesson.ts';

section('Exercise 1');
const attention = new Attention({ embDim: 768, nHeads: 12 });
const x = randn([1, 4, 768], new Random(1));
const changed = where(arange(4).eq(3).reshape([4, 1]), 9, x);
for (const mask of [undefined, null]) {
  const before = attention.forward(x, { mask });
  const change = attention.forward(changed, { mask }).sub(before);
  const name = mask === null ? 'without the mask' : 'with the mask';
  await show(name, change.abs().max(-1));
}

section('Exercise 2');
const austen = await openAusten();
for (const [word, sentence] of [
  ['house', 'The house was large, and it'],
  ['letter', 'The letter was long, but it'],
  ['Bennet', 'Mrs. Bennet was delighted. Her'],
  ['Darcy', 'Mr. Darcy was silent. He'],
  ['Charlotte', 'Mr. Collins loved Charlotte, and she'],
] as const) {
  const heads = await headsLookingAt(word, sentence, austen);
  const sum = heads.reduce((sum, { weight }) => sum + weight, 0);
  for (const { name, weight } of heads)
    if (name === 'block 1, head 2') {
      await show(`${sentence} -> ${word}`, weight);
      await show('  mean of all heads', sum / heads.length);
    }
}

section('Exercise 3');
const one = tensor([0, 1, 2, 0, 0, 2, 0, 1]).reshape([4, 2]);
await show(one.matmul(one.transpose(0, 1)));
