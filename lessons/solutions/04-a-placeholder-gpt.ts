// Solutions of lesson 4.
import {
  Embedding,
  GPT2Tokenizer,
  Linear,
  seedParameters,
  tensor,
} from 'tsgpt';
import { section, show } from '../kit/lesson.ts';

const tokenizer = new GPT2Tokenizer();

/** The placeholder model without its blocks: they change nothing. */
function logitsOf(texts: string[], seed: number) {
  seedParameters(seed);
  const tokenEmbedding = new Embedding(50257, 768);
  const positionEmbedding = new Embedding(1024, 768);
  const head = new Linear(768, 50257, { bias: false });
  const ids = texts.map((text) => tokenizer.encode(text));
  const batch = tensor(ids, { dtype: 'int32' });
  const [, time = 0] = batch.shape;
  const positions = positionEmbedding.weight.slice([0, time]);
  return head.forward(tokenEmbedding.forward(batch).add(positions));
}

/** What the model guesses after the last token of each text. */
async function guess(texts: string[], seed: number): Promise<string[]> {
  const best = logitsOf(texts, seed).argmax(-1); // [batch, time]
  const [, time = 0] = best.shape;
  const last = await best.slice(null, [time - 1, time]).ints();
  return [...last].map((id) => tokenizer.decode([id]));
}

section('Exercise 1');
const sentences = ['Every effort moves you', 'Every day holds a'];
for (const seed of [123, 1, 2]) {
  await show(`seed ${seed}, shape`, logitsOf(sentences, seed).shape);
  await show(`seed ${seed}, guesses`, await guess(sentences, seed));
}

section('Exercise 2');
const three = [
  'I like to read books',
  'I like to eat soup',
  'We like to be here',
];
await show('three texts of five tokens', logitsOf(three, 123).shape);

section('Exercise 3');
const samePlace = ['Every effort moves you', 'Nobody ever saw you'];
for (const text of samePlace) await show(text, tokenizer.encode(text));
await show('guesses', await guess(samePlace, 123));
