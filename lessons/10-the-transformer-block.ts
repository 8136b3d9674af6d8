// Lesson 10: attention and a feed-forward network make a transformer block.
import { dropout, GPT2, gpt2, gpt2Init, ones, Random, randn } from 'tsgpt';
import { Attention, FeedForward, LayerNorm, TransformerBlock } from 'tsgpt/nn';
import { type Tensor, tensor } from 'tsgpt/tensor';
import { drawModule } from './kit/figures.ts';
import { section, show, table } from './kit/lesson.ts';

section('The block');
const random = new Random(123);
const parts = {
  attentionNorm: new LayerNorm(768),
  attention: new Attention({ embDim: 768, nHeads: 12, dropRate: 0.1 }),
  feedForwardNorm: new LayerNorm(768),
  feedForward: new FeedForward(768),
};
const library = new TransformerBlock({ ...parts, dropRate: 0.1 });
gpt2Init(library, random, 12);
const { attentionNorm, attention, feedForwardNorm, feedForward } = parts;
function block(x: Tensor): Tensor {
  const attended = x.add(attention.forward(attentionNorm.forward(x)));
  return attended.add(feedForward.forward(feedForwardNorm.forward(attended)));
}
const x = randn([1, 4, 768], random).named('x'); // [batch, time, embDim]
const largest = (a: Tensor, b: Tensor) => a.sub(b).abs().max();
await show('shape of the output', block(x).shape);
await show('largest difference', largest(block(x), library.forward(x)));

section('Its parameters');
const counts = Object.entries(parts).map(([name, { parameterCount }]) => {
  return [name, parameterCount];
});
table(['part', 'parameters'], [...counts, ['block', library.parameterCount]]);

section('It adds, it does not replace');
const model = new GPT2({ ...gpt2.small, vocabSize: 1000 }, random);
const size = (x: Tensor) => x.square().mean().sqrt();
let stream = model.embed(tensor([[1, 20, 300, 999]], { dtype: 'int32' }), {});
await show('embeddings', size(stream));
for (const [i, block] of model.blocks.slice(0, 3).entries()) {
  const out = block.forward(stream);
  await show(`block ${i + 1} adds`, size(out.sub(stream)));
  await show('  the sum', size(out));
  stream = out;
}

section('Dropout');
for (let i = 0; i < 3; i++) await show(dropout(ones([12]), 0.1, random));
const many = dropout(ones([1000, 1000]), 0.1, random);
await show('mean of a million', many.mean());

section('On in training, off in writing');
const written = library.forward(x);
await show('writing twice', largest(library.forward(x), written));
const trained = library.forward(x, { random });
await show('training twice', largest(library.forward(x, { random }), trained));

section('Drawn from the graph');
await drawModule('block', 'A transformer block', library, x);

section('Inside attention');
const isShown = (part: string) => /^attention(Norm|\.)/.test(part);
await drawModule('attention', 'Inside attention', library, x, isShown);
