// Solutions of lesson 2.
import { GPT2, gpt2, summarizeModel, TsgptError, tensor } from 'tsgpt';
import { totalOf } from 'tsgpt/models';
import { section, show } from '../kit/lesson.ts';

section('Exercise 1');
for (const nHeads of [1, 12, 24, 768]) {
  const summary = summarizeModel('gpt2', { ...gpt2.small, nHeads });
  await show(`${nHeads} heads`, totalOf(summary, 'parameters'));
}

section('Exercise 2');
const largest = { ...gpt2.small, tiedHead: false, qkvBias: true };
await show(
  'separate head, with biases',
  totalOf(summarizeModel('gpt2', largest), 'parameters'),
);
await show(
  '124,412,160 + 50,257 x 768 + 27,648',
  124412160 + 50257 * 768 + 27648,
);

section('Exercise 3');
const sizes = { vocabSize: 10, embDim: 4, nHeads: 1, nLayers: 1 };
const model = new GPT2({ ...sizes, contextLength: 8 });
const ids = (length: number) =>
  tensor([Array.from({ length }, (_, i) => i)], { dtype: 'int32' });
await show('rows for positions', model.positionEmbedding.weight.shape);
await show('8 tokens', model.forward(ids(8)).shape);
try {
  model.forward(ids(9));
} catch (error) {
  if (error instanceof TsgptError) await show('9 tokens', error.message);
}
