// Lesson 9: attention lets a token take in what it needs from earlier ones.
import { Attention, arange, gpt2Init, Random, randn, tensor } from 'tsgpt';
import { type Tensor, where } from 'tsgpt/tensor';
import { headsLookingAt, openAusten } from './kit/austen.ts';
import { drawHeatMap } from './kit/figures.ts';
import { section, show } from './kit/lesson.ts';

section('Queries, keys and values');
const queries = tensor([0, 1, 0, 0, 1, 0, 2, 0]).reshape([4, 2]);
const keys = tensor([0, 1, 2, 0, 0, 2, 0, 1]).reshape([4, 2]);
const values = tensor([0, 0, 10, 0, 0, 10, 0, 0]).reshape([4, 2]);
await show('queries', queries); // [time, headDim]
await show('keys', keys);
await show('values', values);

section('Scores');
const products = queries.matmul(keys.transpose(0, 1)); // [time, time]
await show('products', products);
const scores = products.div(Math.SQRT2);
await show('scores', scores);

section('The causal mask');
const position = arange(4);
const isVisible = position.le(position.reshape([4, 1]));
const masked = where(isVisible, scores, Number.NEGATIVE_INFINITY);
await show(masked);

section('Weights');
const weights = masked.softmax(-1);
await show(weights);
await show('sums', weights.sum(-1));

section('What each token takes in');
await show(weights.matmul(values)); // [time, headDim]

section('Why the root');
const random = new Random(123);
const [q, k] = [randn([100, 16, 64], random), randn([100, 16, 64], random)];
const large = q.matmul(k.transpose(1, 2)); // 100 texts of 16 tokens
const largestWeight = (x: Tensor) => x.softmax(-1).max(-1).mean();
await show('not divided', largestWeight(large));
await show('divided by 8', largestWeight(large.div(8)));

section('Several heads');
const library = new Attention({ embDim: 768, nHeads: 12 });
gpt2Init(library, random);
const { query, key, value, output } = library;
const split = (x: Tensor) => x.reshape([4, 12, 64]).transpose(0, 1);
function attention(x: Tensor): Tensor {
  const [q, k] = [split(query.forward(x)), split(key.forward(x))];
  const scores = q.matmul(k.transpose(1, 2)).div(Math.sqrt(64));
  const masked = where(isVisible, scores, Number.NEGATIVE_INFINITY);
  const mixed = masked.softmax(-1).matmul(split(value.forward(x)));
  return output.forward(mixed.transpose(0, 1).reshape([1, 4, 768]));
}
const x = randn([1, 4, 768], random); // [batch, time, embDim]
const difference = attention(x).sub(library.forward(x)).abs().max();
await show('largest difference', difference);
await show('parameters', library.parameterCount);

section('The future stays out');
const changed = where(arange(4).eq(3).reshape([4, 1]), 9, x);
const change = attention(changed).sub(attention(x)).abs().max(-1);
await show(change);

section('A real model');
const austen = await openAusten();
const sentence = 'The house was large, and it';
const heads = await headsLookingAt('house', sentence, austen);
const best = heads.reduce((a, b) => (b.weight > a.weight ? b : a));
const sum = heads.reduce((sum, { weight }) => sum + weight, 0);
await show('heads searched', heads.length);
await show(`largest weight, of ${best.name}`, best.weight);
await show('mean of all heads', sum / heads.length);
const labels = { rows: best.tokens, columns: best.tokens, causal: true };
await drawHeatMap('attention', best.name, best.rows, labels);
