// Lesson 7: attention lets every token take in what it needs from the tokens before it.
import { arange, CausalAttention, gpt2, normalInit, Random, randn, tensor, where } from 'tsgpt';
import { heatMapSvg } from 'tsgpt/charts';
import { attentionMaps } from 'tsgpt/inspect';
import { picture, section } from './kit/lesson.ts';
import { trainedModel } from './kit/trained-model.ts';

section('Scores');
const x = tensor([
  [1, 0, 1],
  [0, 2, 0],
  [1, 1, 0],
  [0, 0, 1],
]); // [time, embDim]: four tokens, three numbers each
const [toQuery, toKey, toValue] = [1, 2, 3].map((seed) => randn([3, 2], new Random(seed))) as [
  typeof x,
  typeof x,
  typeof x,
];
const [queries, keys, values] = [x.matmul(toQuery), x.matmul(toKey), x.matmul(toValue)]; // [time, headDim]
const scores = queries.matmul(keys.transpose(0, 1)).div(Math.sqrt(2)); // [time, time]
console.log(await scores.print());

section('The causal mask');
const position = arange(4);
const isVisible = position.le(position.reshape([4, 1])); // row i may see the columns up to i
const masked = where(isVisible, scores, Number.NEGATIVE_INFINITY);
console.log(await masked.print());

section('Weights');
const weights = masked.softmax(-1);
console.log(await weights.print());
console.log(await weights.sum(-1).print());

section('What each token takes in');
const context = weights.matmul(values); // [time, headDim]
console.log(await context.print());

section('The future stays out');
const changed = tensor([
  [1, 0, 1],
  [0, 2, 0],
  [1, 1, 0],
  [9, 9, 9],
]); // only the last token differs
const attend = (input: typeof x) => {
  const s = input.matmul(toQuery).matmul(input.matmul(toKey).transpose(0, 1)).div(Math.sqrt(2));
  return where(isVisible, s, Number.NEGATIVE_INFINITY).softmax(-1).matmul(input.matmul(toValue));
};
console.log(await attend(changed).sub(attend(x)).print());

section('Several heads');
const { embDim, nHeads, qkvBias } = gpt2.small;
const options = { embDim, nHeads, dropRate: 0, qkvBias, outputInit: normalInit(0.02) };
const attention = new CausalAttention(options, new Random(123));
console.log(attention.forward(randn([2, 4, embDim], new Random(1))).toString());
console.log(`parameters: ${attention.parameterCount}`);

section('What a trained model looks at');
const { model, tokenizer, sentence } = await trainedModel();
const ids = tokenizer.encode(sentence);
const tokens = ids.map((id) => tokenizer.decode([id]));
const maps = await attentionMaps(model, ids);
/** How much the tokens look at others than themselves and the first, which is where a head with nothing to do looks. */
const business = (head: number[][]) =>
  head.flatMap((row, i) => row.filter((_, j) => j > 0 && j < i)).reduce((a, b) => a + b, 0);
const heads = maps.flatMap(({ heads }, layer) =>
  heads.map((values, head) => ({ title: `layer ${layer}, head ${head}`, values })),
);
const busiest = heads.sort((a, b) => business(b.values) - business(a.values)).slice(0, 2);
for (const { title, values } of busiest) {
  const row = values.at(-1)!;
  const most = row.indexOf(Math.max(...row));
  console.log(
    `${title}: ${JSON.stringify(tokens.at(-1))} looks most at ${JSON.stringify(tokens[most])}, ${(100 * row[most]!).toFixed(0)}%`,
  );
}
picture(
  'attention',
  heatMapSvg({
    title: 'Attention weights of a trained model',
    rows: tokens,
    columns: tokens,
    rowLabel: 'token that looks',
    columnLabel: 'token looked at',
    valueLabel: 'attention weight',
    tokens: true,
    panels: busiest.map(({ title, values }) => ({
      title,
      values: values.map((row, i) => row.map((w, j) => (j <= i ? w : null))),
    })),
  }),
);
