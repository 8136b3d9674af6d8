// Lesson 2: seven settings decide what a GPT is and what it costs.
import { type GPT2Config, gpt2, summarizeModel } from 'tsgpt';
import { totalOf } from 'tsgpt/models';
import { barChartSvg } from './kit/bar-chart.ts';
import { picture, section, table } from './kit/lesson.ts';

section('The seven settings');
const { tiedHead: _, ...small } = gpt2.small; // tiedHead, an eighth setting, comes later
console.log(small);

section('What each of them costs');
const parametersOf = (config: GPT2Config) =>
  totalOf(summarizeModel('gpt2', config), 'parameters');
const flopsOf = (config: GPT2Config) =>
  totalOf(summarizeModel('gpt2', config), 'flopsPerToken');
/** How many numbers the layers output for one text that fills the context. */
function outputsOf(config: GPT2Config): number {
  const lengths = (shape: string) =>
    shape
      .replace('batch', '1')
      .replaceAll('time', String(config.contextLength));
  const sizeOf = (shape: string) =>
    [...lengths(shape).matchAll(/\d+/g)].reduce(
      (size, [n]) => size * Number(n),
      1,
    );
  const groups = summarizeModel('gpt2', config).map(({ repeat, layers }) =>
    layers.map(({ kind, output }) =>
      kind === 'step' ? 0 : repeat * sizeOf(output),
    ),
  );
  return groups.flat().reduce((a, b) => a + b);
}
const percent = (after: number, before: number) =>
  `+${((after / before - 1) * 100).toFixed(1)}%`;

const names = [
  'vocabSize',
  'contextLength',
  'embDim',
  'nHeads',
  'nLayers',
  'dropRate',
] as const;
const changes: Partial<GPT2Config>[] = [
  ...names.map((name) => ({ [name]: 2 * small[name] })),
  { qkvBias: true },
];
table(
  ['change', 'parameters', 'memory', 'FLOPs per token'],
  changes.map((change) => {
    const costs = [parametersOf, outputsOf, flopsOf];
    return [
      JSON.stringify(change),
      ...costs.map((of) =>
        percent(of({ ...gpt2.small, ...change }), of(gpt2.small)),
      ),
    ];
  }),
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
console.log(
  `the head: ${small.vocabSize} x ${small.embDim} = ${(untied - tied).toLocaleString('en-US')}`,
);
console.log(
  `the biases: ${small.nLayers} x 3 x ${small.embDim} = ${(published - tied).toLocaleString('en-US')}`,
);

section('The four sizes');
table(
  [
    'size',
    'embDim',
    'nHeads',
    'nLayers',
    'separate head',
    'tied head',
    'float32',
    'FLOPs per token',
  ],
  Object.entries(gpt2).map(([name, config]) => {
    const all = parametersOf({ ...config, tiedHead: false });
    const mebibytes = `${((4 * all) / 2 ** 20).toFixed(2)} MiB`;
    const gigaflops = `${(flopsOf(config) / 1e9).toFixed(2)}e9`;
    return [
      name,
      config.embDim,
      config.nHeads,
      config.nLayers,
      all,
      parametersOf(config),
      mebibytes,
      gigaflops,
    ];
  }),
);

section('Where the parameters are');
const parts = new Map<string, number>();
for (const { repeat, layers } of summarizeModel('gpt2', {
  ...gpt2.small,
  tiedHead: false,
})) {
  for (const { name, parameters } of layers) {
    const part = /Norm/.test(name) ? 'norms' : name.split('.')[0]!;
    if (parameters > 0)
      parts.set(part, (parts.get(part) ?? 0) + repeat * parameters);
  }
}
const bars = [...parts].map(([label, count]) => ({
  label,
  value: count / 1e6,
}));
picture(
  'parameters',
  await barChartSvg({
    title: 'Where the 163 million parameters of GPT-2 small are',
    bars,
    horizontal: true,
    valueLabel: 'parameters (millions)',
  }),
);
