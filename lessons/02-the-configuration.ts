// Lesson 2: seven settings describe a GPT, and five of them decide its size.
import { type GPT2Config, gpt2, summarizeModel } from 'tsgpt';
import { totalOf } from 'tsgpt/models';
import { drawBars } from './kit/figures.ts';
import { section, show, table } from './kit/lesson.ts';

section('The seven settings');
const { tiedHead: _, ...small } = gpt2.small; // an eighth comes later
console.log(small);

section('Which of them decide the size');
const parametersOf = (config: GPT2Config) =>
  totalOf(summarizeModel('gpt2', config), 'parameters');
const before = parametersOf(gpt2.small);
const changes: Partial<GPT2Config>[] = [
  { vocabSize: 2 * small.vocabSize },
  { contextLength: 2 * small.contextLength },
  { embDim: 2 * small.embDim },
  { nHeads: 2 * small.nHeads },
  { nLayers: 2 * small.nLayers },
  { dropRate: 2 * small.dropRate },
  { qkvBias: true },
];
const rows = changes.map((change) => {
  const after = parametersOf({ ...gpt2.small, ...change });
  return {
    change: JSON.stringify(change).replaceAll(/[{}"]/g, ''),
    added: after - before,
  };
});
console.log(`GPT-2 small: ${before.toLocaleString('en-US')}`);
table(
  ['with', 'parameters added'],
  rows.map(({ change, added }) => [change, added]),
);
await drawBars(
  'settings',
  'What doubling a setting adds',
  rows.map(({ change, added }) => [change, added / 1e6] as const),
  { horizontal: true, valueLabel: 'parameters added (millions)' },
);

section('Why "124M" can be three numbers');
const untied = parametersOf({ ...gpt2.small, tiedHead: false });
const tied = parametersOf(gpt2.small);
const published = parametersOf({ ...gpt2.small, qkvBias: true });
table(
  ['GPT-2 small', 'parameters'],
  [
    ['with a separate output head', untied],
    ['with the head tied to the token embedding', tied],
    ["OpenAI's: tied, with biases for query, key and value", published],
  ],
);
await show('the head, 50,257 x 768', untied - tied);
await show('the biases, 12 x 3 x 768', published - tied);
