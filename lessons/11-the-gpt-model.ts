// Lesson 11: embeddings, twelve blocks, a last normalisation and a head are GPT-2.
import {
  GPT2,
  GPT2Tokenizer,
  gpt2,
  observe,
  TorchRandom,
  tensor,
  torchInit,
} from 'tsgpt';
import { modelGraph } from 'tsgpt/inspect';
import { graphSvg } from './kit/graph-drawing.ts';
import { picture, section, table } from './kit/lesson.ts';
import { drawable } from './kit/model-drawing.ts';

section('163 million numbers');
const model = new GPT2({ ...gpt2.small, tiedHead: false }); // a separate head, as in the textbook
const { parameterCount } = model;
console.log(`parameters: ${parameterCount.toLocaleString('en-US')}`);
console.log(
  `with the head tied to the token embedding: ${new GPT2(gpt2.small).parameterCount.toLocaleString('en-US')}`,
);
console.log(
  `memory in float32: ${((4 * parameterCount) / 2 ** 20).toFixed(2)} MiB`,
);

section('Where they are');
const { tokenEmbedding, positionEmbedding, blocks, finalNorm, head } = model;
const [first] = blocks;
table(
  ['part', 'times', 'parameters each'],
  [
    ['tokenEmbedding', 1, tokenEmbedding.parameterCount],
    ['positionEmbedding', 1, positionEmbedding.parameterCount],
    ['attention', blocks.length, first!.attention.parameterCount],
    ['feedForward', blocks.length, first!.feedForward.parameterCount],
    [
      'attentionNorm, feedForwardNorm',
      2 * blocks.length,
      first!.attentionNorm.parameterCount,
    ],
    ['finalNorm', 1, finalNorm.parameterCount],
    ['head', 1, head!.parameterCount],
  ],
);

section('Logits');
torchInit(model, new TorchRandom(123)); // the weights that PyTorch would draw
const tokenizer = new GPT2Tokenizer();
const sentences = ['Every effort moves you', 'Every day holds a'];
const batch = tensor(
  sentences.map((sentence) => tokenizer.encode(sentence)),
  { dtype: 'int32' },
).named('tokens');
const logits = model.forward(batch);
console.log(logits);
console.log(
  `first four:  ${await logits.slice([0, 1], [0, 1], [0, 4]).reshape([4]).print()}`,
);
console.log(
  `last three:  ${await logits.slice([1, 2], [3, 4], [-3, 50257]).reshape([3]).print()}`,
);

section('The model, drawn from its graph');
let output = logits;
const inside = observe(model, () => {
  output = model.forward(batch);
  return output;
});
const isShown = (name: string) =>
  /^(positions|tokenEmbedding|embeddings|blocks\.(0|1|11)|finalNorm|head)$/.test(
    name,
  );
const graph = drawable(
  modelGraph(
    new Map([
      ['tokens', batch],
      ...[...inside].filter(([name]) => isShown(name)),
    ]),
  ),
);
const edges = graph.edges.map((edge) =>
  edge.to === 'blocks.11' ? { ...edge, label: 'nine more blocks' } : edge,
);
picture(
  'model',
  await graphSvg({
    title: 'GPT-2 small',
    description: 'From ids to logits.',
    nodes: graph.nodes,
    edges,
  }),
);
