// Lesson 3: a text becomes token ids, and each id becomes a vector.
import { Embedding, GPT2Tokenizer, seedParameters, tensor } from 'tsgpt';
import { visibleToken } from 'tsgpt/inspect';
import { drawHeatMap } from './kit/figures.ts';
import { section, show } from './kit/lesson.ts';

section('Learning to merge');
const pairsOf = (pieces: string[]) =>
  pieces.slice(1).map((right, i) => `${pieces[i]} ${right}`);
/** Joins neighbours that are this pair: l, o, w and "l o" give lo, w. */
function merge(pieces: string[], pair: string): string[] {
  const [left, right] = pair.split(' ');
  const merged: string[] = [];
  for (const piece of pieces)
    if (merged.at(-1) !== left || piece !== right) merged.push(piece);
    else merged.splice(-1, 1, `${left}${right}`);
  return merged;
}
const text = `low low low low low lower lower
  lowest lowest lowest newest newest newest newest newest newest`;
let words = text.split(/\s+/).map((word) => [...word]);
const merges: string[] = [];
while (merges.length < 6) {
  const counts = new Map<string, number>();
  for (const pair of words.flatMap(pairsOf))
    counts.set(pair, (counts.get(pair) ?? 0) + 1);
  const [[pair, count] = ['', 0]] = [...counts].sort(([, a], [, b]) => b - a);
  merges.push(pair);
  words = words.map((pieces) => merge(pieces, pair));
  console.log(`${pair.replace(' ', ' + ')}, ${count} times`);
}

section('Applying the merges');
for (const word of ['lowest', 'newer', 'slow']) {
  let pieces = [...word];
  for (const pair of merges) pieces = merge(pieces, pair);
  await show(word, pieces);
}

section('The tokens of GPT-2');
const tokenizer = new GPT2Tokenizer();
const piecesOf = (text: string) =>
  tokenizer.encode(text).map((id) => visibleToken(tokenizer.decode([id])));
const sentences = ['Every effort moves you', 'Every day holds a'];
for (const sentence of sentences) await show(piecesOf(sentence));

section('Words it has never seen');
for (const word of ['unforgettable', 'Zyxwvian', '12345', 'naïve'])
  await show(word, piecesOf(word));
await show('🙂', tokenizer.encode('🙂'));

section('A batch of ids');
const ids = sentences.map((sentence) => tokenizer.encode(sentence));
const batch = tensor(ids, { dtype: 'int32' }); // [batch, time]
await show(batch);

section('Token embedding');
seedParameters(123);
const tokenEmbedding = new Embedding(50257, 768);
const tokens = tokenEmbedding.forward(batch); // [batch, time, embDim]
const first = (x: typeof tokens) => x.reshape([-1, 768]).slice(null, [0, 6]);
await show(first(tokens));

section('Position embedding');
const positionEmbedding = new Embedding(1024, 768);
await show('rows and columns', positionEmbedding.weight.shape);
const positions = positionEmbedding.weight.slice([0, 4]); // [time, embDim]

section('Their sum');
const sum = tokens.add(positions); // [batch, time, embDim]
await drawHeatMap(
  'embeddings',
  'Token embedding + position embedding = what the model reads',
  {
    tokens: first(tokens),
    positions: first(positions.expand([2, 4, 768])),
    sum: first(sum),
  },
  { rows: sentences.flatMap(piecesOf), columnLabel: 'dimension' },
);
