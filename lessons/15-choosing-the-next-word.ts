// Lesson 15: every token has a probability; how we choose makes the text.
import { Decoder, GPT2Tokenizer, generate, Random, tensor } from 'tsgpt';
import { candidates, sampleToken } from 'tsgpt/generate';
import { openModel } from 'tsgpt/node';
import { drawShares } from './kit/figures.ts';
import { paragraph, section, show } from './kit/lesson.ts';

section('One real distribution');
const opened = await openModel('austen');
const { tokenizer = new GPT2Tokenizer() } = opened;
const model = await opened.model();
const prompt = 'Elizabeth was very';
const ids = tensor([tokenizer.encode(prompt)], { dtype: 'int32' });
const logits = model.forward(ids).slice(null, [-1]).flatten(); // [vocabSize]
const sorted = logits.softmax(-1).sort(-1, { descending: true });
const all = await sorted.values.array<number[]>(); // probabilities
const order = await sorted.indices.array<number[]>(); // whose they are
const names = order.slice(0, 10).map((id) => tokenizer.decode([id]));
const sum = (numbers: number[]) => numbers.reduce((a, b) => a + b, 0);
const percent = (share = 0) => `${(100 * share).toFixed(1)}%`;
for (const [i, name] of names.entries())
  await show(JSON.stringify(name), percent(all[i]));
await show('all others together', percent(sum(all.slice(10))));

section('Temperature');
const heated = (temperature: number) => {
  const shares = logits.div(temperature).softmax(-1); // [vocabSize]
  return shares.rows(sorted.indices).array<number[]>(); // in the same order
};
const [cold, hot] = [await heated(0.5), await heated(2)];
const byHeat = { 'T = 0.5': cold, 'T = 1': all, 'T = 2': hot };
await drawShares('temperature', 'Three temperatures', names, byHeat);

section('Top-k');
const rescaled = (shares: number[]) => shares.map((p) => p / sum(shares));
const topK = (k: number) => rescaled(all.slice(0, k));
const byK = { all, 'k = 5': topK(5), 'k = 2': topK(2) };
await drawShares('top-k', 'Only the k likeliest', names, byK);

section('Top-p');
const topP = (p: number) => {
  let count = 0;
  while (sum(all.slice(0, count)) < p) count++;
  return rescaled(all.slice(0, count));
};
for (const p of [0.95, 0.8, 0.5])
  await show(`tokens left by top-p ${p}`, topP(p).length);
const byP = { all, 'p = 0.8': topP(0.8), 'p = 0.5': topP(0.5) };
await drawShares('top-p', 'The likeliest up to a sum', names, byP);

section('The library agrees');
const floats = await logits.floats();
const theirs = candidates(floats, { topP: 0.8 });
await show('the same tokens', theirs.ids.length === topP(0.8).length);
await show('their shares', percent(sum(theirs.probabilities)));

section('A thousand draws');
const random = new Random(123);
const counts = new Map<string, number>();
for (let i = 0; i < 1000; i++) {
  const name = tokenizer.decode([sampleToken(floats, { topK: 3 }, random)]);
  counts.set(name, (counts.get(name) ?? 0) + 1);
}
for (const [name, count] of counts) await show(JSON.stringify(name), count);

section('What becomes of the text');
const decoder = new Decoder(model);
const careful = { temperature: 0.8, topP: 0.9 };
for (const choice of [{ temperature: 0 }, careful, { temperature: 1.5 }]) {
  let text = prompt;
  const options = { ...choice, maxTokens: 40, seed: 3 };
  for await (const piece of generate(decoder, tokenizer, prompt, options))
    text += piece;
  console.log(JSON.stringify(choice));
  paragraph(text);
}
