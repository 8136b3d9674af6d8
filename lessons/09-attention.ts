// Lesson 9: attention lets every token take in what it needs from the tokens before it.
import {
  Attention,
  arange,
  gpt2,
  gpt2Init,
  Random,
  randn,
  tensor,
  where,
} from 'tsgpt';
import { heatMapSvg } from 'tsgpt/charts';
import { attentionMaps, visibleToken } from 'tsgpt/inspect';
import { picture, section } from './kit/lesson.ts';
import { trainedModel } from './kit/trained-model.ts';

section('Scores');
const text = [[1, 0, 1], [0, 2, 0], [1, 1, 0], [0, 0, 1]]; // biome-ignore format: a row for each of four tokens
const x = tensor(text); // [time, embDim]
const random = new Random(1);
const [toQuery, toKey, toValue] = [
  randn([3, 2], random),
  randn([3, 2], random),
  randn([3, 2], random),
];
const [queries, keys] = [x.matmul(toQuery), x.matmul(toKey)]; // [time, headDim]
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
console.log(`sums of the rows: ${await weights.sum(-1).print()}`);

section('What each token takes in');
const values = x.matmul(toValue);
const mixed = weights.matmul(values); // [time, headDim]
console.log(await mixed.print());

section('Several heads');
const { embDim, nHeads, qkvBias } = gpt2.small;
const attention = new Attention({ embDim, nHeads, qkvBias });
gpt2Init(attention, random);
const sequence = randn([1, 4, embDim], random); // [batch, time, embDim]
const attended = attention.forward(sequence);
console.log(attended);
console.log(`parameters: ${attention.parameterCount.toLocaleString('en-US')}`);

section('The future stays out');
const isLast = arange(4).eq(3).reshape([4, 1]);
const changed = attention.forward(where(isLast, 9, sequence)); // the last token becomes 768 nines
const change = changed.sub(attended).abs().max(-1).reshape([4]); // the largest change at each position
console.log(await change.print());

section('What a trained model looks at');
const { model, tokenizer, sentence } = await trainedModel();
const ids = tokenizer.encode(sentence);
const tokens = ids.map((id) => tokenizer.decode([id]));
const heads = (await attentionMaps(model, ids)).flatMap(({ name, heads }) =>
  heads.map((rows, head) => ({ title: `${name}, head ${head}`, rows })),
);
/** Large if many tokens are looked at: the sum, over all tokens, of the largest weight that a later token gives them. */
const variety = (rows: number[][]) =>
  rows.reduce(
    (sum, _, j) =>
      sum + Math.max(0, ...rows.slice(j + 1).map((row) => row[j]!)),
    0,
  );
const chosen = heads
  .sort((a, b) => variety(b.rows) - variety(a.rows))
  .slice(0, 2);
for (const { title, rows } of chosen) {
  const most = rows.at(-1)!.indexOf(Math.max(...rows.at(-1)!));
  console.log(
    `${title}: ${JSON.stringify(tokens.at(-1))} looks most at ${JSON.stringify(tokens[most])}`,
  );
}
const labels = tokens.map(visibleToken);
picture(
  'attention',
  await heatMapSvg({
    ...{
      title: 'Attention weights of two heads',
      rows: labels,
      columns: labels,
    },
    ...{
      rowLabel: 'token that looks',
      columnLabel: 'token looked at',
      valueLabel: 'attention weight',
    },
    // Above the diagonal lies the future.
    panels: chosen.map(({ title, rows }) => ({
      title: title.replace('blocks.', 'block ').replace('.attention', ''),
      values: rows.map((row, i) => row.map((w, j) => (j > i ? null : w))),
    })),
  }),
);
