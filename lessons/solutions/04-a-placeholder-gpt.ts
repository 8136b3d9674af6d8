// Solutions of lesson 4.
import {
  Embedding,
  GPT2Tokenizer,
  Linear,
  seedParameters,
  type Tensor,
  tensor,
} from 'tsgpt';
import { section, show } from '../kit/lesson.ts';

const tokenizer = new GPT2Tokenizer();

/** The placeholder model without its blocks: they change nothing. */
function placeholder(seed: number) {
  seedParameters(seed);
  const tokenEmbedding = new Embedding(50257, 768);
  const positionEmbedding = new Embedding(1024, 768);
  const head = new Linear(768, 50257, { bias: false });
  return (texts: string[]) => {
    const ids = texts.map((text) => tokenizer.encode(text));
    const batch = tensor(ids, { dtype: 'int32' });
    const [, time = 0] = batch.shape;
    const positions = positionEmbedding.weight.slice([0, time]);
    return head.forward(tokenEmbedding.forward(batch).add(positions));
  };
}

/** What a model guesses after the last token of each text. */
async function guess(logits: Tensor): Promise<string[]> {
  const [, time = 0] = logits.shape;
  const last = logits.slice(null, [time - 1, time]).argmax(-1);
  return [...(await last.ints())].map((id) => tokenizer.decode([id]));
}

section('Exercise 1');
const sentences = ['Every effort moves you', 'Every day holds a'];
const model = placeholder(123);
for (const seed of [123, 1]) {
  const logits = placeholder(seed)(sentences);
  await show(`seed ${seed}, shape`, logits.shape);
  await show(`seed ${seed}, guesses`, await guess(logits));
}

section('Exercise 2');
const three = [
  'I like to read books',
  'I like to eat soup',
  'We like to be here',
];
await show('three texts of five tokens', model(three).shape);

section('Exercise 3');
const samePlace = ['Every effort moves you', 'Nobody ever saw you'];
for (const text of samePlace) await show(text, tokenizer.encode(text));
await show('guesses', await guess(model(samePlace)));
