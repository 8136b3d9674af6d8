// Lesson 12: a model that scores the next token writes a text.
import * as tsgpt from 'tsgpt';
import { Decoder, GPT2, type LanguageModel, Llama, tensor } from 'tsgpt';
import { visibleToken } from 'tsgpt/inspect';
import { drawBars } from './kit/figures.ts';
import { section, show } from './kit/lesson.ts';

section('The prompt');
const tokenizer = new tsgpt.GPT2Tokenizer();
const prompt = tokenizer.encode('Hello, I am');
await show(prompt);

section('One token');
const model = new GPT2({ ...tsgpt.gpt2.small, tiedHead: false });
tsgpt.torchInit(model, new tsgpt.TorchRandom(123)); // not trained
/** The scores of the token after `ids`: [vocabSize] */
function scores(ids: number[]) {
  const logits = model.forward(tensor([ids], { dtype: 'int32' }));
  return logits.slice(null, [-1]).flatten(); // of the last position
}
const likeliest = await scores(prompt).argmax().item();
await show(`token ${likeliest}`, tokenizer.decode([likeliest]));

section('How sure it is');
const top = scores(prompt).softmax(-1).mul(100).topk(8);
const percent = await top.values.array<number[]>();
const likely = await top.indices.array<number[]>();
await show('an equal share, in percent', 100 / 50_257);
await show('the likeliest token has', Math.max(...percent));
const look = { horizontal: true, valueLabel: 'probability (%)' };
const bars = likely.map((id, i) => {
  return [visibleToken(tokenizer.decode([id])), percent[i] ?? 0] as const;
});
await drawBars('next-token', 'After "Hello, I am", untrained', bars, look);

section('Ten tokens, by hand');
const ids = [...prompt];
const leads: number[] = []; // of the highest score over the second
for (let i = 0; i < 10; i++) {
  const { values, indices } = scores(ids).topk(2);
  await tsgpt.compute([values, indices]); // both in one pass
  const [first = 0, second = 0] = await values.array<number[]>();
  const [next = 0] = await indices.array<number[]>();
  ids.push(next);
  leads.push(first - second);
}
await show(ids.slice(prompt.length));
await show(tokenizer.decode(ids));
await show('smallest lead', Math.min(...leads).toFixed(4));

section('Ten tokens, with a cache');
async function write(model: LanguageModel, prompt: number[], count: number) {
  const decoder = new Decoder(model);
  const cache = decoder.createCache();
  const ids = [...prompt];
  const reads: number[] = [];
  for (let unread = prompt; count > 0; count--) {
    if ((cache.lengths[0] ?? 0) + unread.length > cache.capacity) {
      cache.truncate(0, 0); // forget the keys and values, and read again:
      unread = ids.slice(-Math.floor((7 / 8) * cache.capacity));
    }
    const [logits = Float32Array.of()] = await decoder.append(cache, [unread]);
    reads.push(unread.length);
    unread = [logits.indexOf(Math.max(...logits))];
    ids.push(...unread);
  }
  await show('reads', reads);
  return ids.slice(prompt.length);
}
await show(await write(model, prompt, 10));

section('Beyond the context');
const sizes = { embDim: 64, nHeads: 4, nLayers: 2, contextLength: 16 };
const small = new GPT2({ ...sizes, vocabSize: 50_257 });
await write(small, prompt, 20);

section('Llama writes in the same way');
const llama = new Llama({ ...sizes, vocabSize: 50_257 });
await show(await write(llama, prompt, 10));
