// Lesson 12: a model that scores the next token writes a text, one token after another.
import {
  GPT2,
  GPT2Tokenizer,
  generateTokens,
  gpt2,
  TorchRandom,
  tensor,
  torchInit,
} from 'tsgpt';
import { visibleToken } from 'tsgpt/inspect';
import { barChartSvg } from './kit/bar-chart.ts';
import { picture, section } from './kit/lesson.ts';

section('The prompt');
const tokenizer = new GPT2Tokenizer();
const prompt = tokenizer.encode('Hello, I am');
console.log(prompt);

section('One token');
const model = new GPT2({ ...gpt2.small, tiedHead: false });
torchInit(model, new TorchRandom(123)); // untrained, with the weights that PyTorch would draw
/** The scores of the token after `ids`: `[vocabSize]` */
function scores(ids: number[]): Promise<Float32Array> {
  const tokens = tensor([ids], { dtype: 'int32' }); // [1, time]
  const last = model.forward(tokens).slice(null, [-1]); // [1, 1, vocabSize]: only the last position
  return last.floats();
}
const logits = await scores(prompt);
const likeliest = logits.indexOf(logits.reduce((a, b) => Math.max(a, b))); // the index of the largest
console.log(
  `token ${likeliest}, ${JSON.stringify(tokenizer.decode([likeliest]))}`,
);

section('How sure it is');
const total = logits.reduce((sum, logit) => sum + Math.exp(logit), 0); // softmax divides by it
const ranked = [...logits.keys()]
  .sort((a, b) => logits[b]! - logits[a]!)
  .slice(0, 8);
const shares = ranked.map((id) => (100 * Math.exp(logits[id]!)) / total);
console.log(
  `an equal share is ${(100 / logits.length).toFixed(4)}%; the likeliest token has ${shares[0]!.toFixed(4)}%`,
);
picture(
  'next-token',
  await barChartSvg({
    title: 'The likeliest tokens after "Hello, I am", untrained',
    valueLabel: 'probability (%)',
    horizontal: true,
    bars: ranked.map((id, i) => ({
      label: visibleToken(tokenizer.decode([id])),
      value: shares[i]!,
    })),
  }),
);

section('Ten tokens, by hand');
const ids = [...prompt];
const leads: number[] = []; // by how much the highest score exceeds the second one
for (let i = 0; i < 10; i++) {
  const next = await scores(ids);
  const [first, second] = [...next.keys()].sort((a, b) => next[b]! - next[a]!);
  ids.push(first!);
  leads.push(next[first!]! - next[second!]!);
}
console.log(ids.slice(prompt.length));
console.log(tokenizer.decode(ids));
console.log(
  `smallest lead over the second token: ${Math.min(...leads).toFixed(4)}`,
);

section('Ten tokens, by the library');
const written: number[] = [];
for await (const { id } of generateTokens(model, prompt, {
  maxTokens: 10,
  temperature: 0,
}))
  written.push(id);
console.log(written);
