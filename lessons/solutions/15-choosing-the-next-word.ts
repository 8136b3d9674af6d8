// Solutions of lesson 15.
import { Random } from 'tsgpt';
import { candidates } from 'tsgpt/generate';
import { section, show } from '../kit/lesson.ts';

section('Exercise 1');
for (const temperature of [1, 0.5, 2])
  await show(`temperature ${temperature}`, Math.exp((2 - 1) / temperature));

section('Exercise 2');
function draw(probabilities: number[], left: number): number {
  return probabilities.findIndex((p) => {
    left -= p;
    return left < 0;
  });
}
const random = new Random(1);
const counts = [0, 0, 0];
for (let i = 0; i < 10_000; i++) {
  const chosen = draw([0.5, 0.3, 0.2], random.uniform());
  counts[chosen] = (counts[chosen] ?? 0) + 1;
}
await show(counts);

section('Exercise 3');
const obvious = Float32Array.of(0.9, 0.05, 0.03, 0.02).map(Math.log);
const open = Float32Array.of(0.3, 0.24, 0.24, 0.22).map(Math.log);
for (const logits of [obvious, open]) {
  await show('top-k 2', candidates(logits, { topK: 2 }).ids);
  await show('top-p 0.8', candidates(logits, { topP: 0.8 }).ids);
}
