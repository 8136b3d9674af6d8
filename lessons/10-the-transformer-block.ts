// Lesson 10: attention and feed-forward network, each normalised before and added after, make one transformer block.
import {
  Attention,
  FeedForward,
  gpt2,
  gpt2Init,
  LayerNorm,
  observe,
  Random,
  randn,
  TransformerBlock,
} from 'tsgpt';
import { modelGraph } from 'tsgpt/inspect';
import { graphSvg } from './kit/graph-drawing.ts';
import { picture, section, table } from './kit/lesson.ts';
import { drawable } from './kit/model-drawing.ts';

section('The block');
const { embDim, nHeads, nLayers, dropRate } = gpt2.small;
const block = new TransformerBlock({
  attentionNorm: new LayerNorm(embDim),
  attention: new Attention({ embDim, nHeads, dropRate }),
  feedForwardNorm: new LayerNorm(embDim),
  feedForward: new FeedForward(embDim),
  dropRate,
});
const random = new Random(123);
gpt2Init(block, random, nLayers); // GPT-2's initial weights; its blocks add to the stream 2 * nLayers = 24 times
const x = randn([2, 4, embDim], random).named('x'); // [batch, time, embDim]
let out = block.forward(x);
console.log(`in  ${x.toString()}`);
console.log(`out ${out.toString()}`);

section('Its parameters');
const { attentionNorm, attention, feedForwardNorm, feedForward } = block;
table(
  ['part', 'parameters'],
  [
    ['attentionNorm', attentionNorm.parameterCount],
    ['attention', attention.parameterCount],
    ['feedForwardNorm', feedForwardNorm.parameterCount],
    ['feedForward', feedForward.parameterCount],
    ['the block', block.parameterCount],
  ],
);

section('The stream goes through');
const distance = out.sub(x);
const size = async (t: typeof x) =>
  (await t.square().mean().sqrt().item()).toFixed(3);
console.log(
  `size of a number in x ${await size(x)}, of what the block adds ${await size(distance)}`,
);

section('Drawn from the graph');
const inside = observe(block, () => {
  out = block.forward(x);
  return out;
}); // every part's output, by name
const outline = [...inside].filter(([name]) => !name.includes('.'));
const graph = drawable(
  modelGraph(new Map([['x', x], ...outline, ['out', out]])),
);
picture(
  'block',
  await graphSvg({
    title: 'A transformer block',
    description:
      'The input goes through a part and around it, and both are added: once for attention, once for the feed-forward network.',
    ...graph,
  }),
);

section('Inside attention');
const attentionInside = [...inside].filter(
  ([name]) => name === 'attentionNorm' || name.startsWith('attention.'),
);
picture(
  'attention',
  await graphSvg({
    title: 'Inside the attention of the block',
    description:
      'Queries and keys make scores, scores make weights, weights mix the values.',
    ...drawable(modelGraph(new Map(attentionInside))),
  }),
);
