// Lesson 3: a text becomes token ids, and each id becomes a vector that says what the token is and where it stands.
import {
  Embedding,
  GPT2Tokenizer,
  gpt2,
  seedParameters,
  type Tensor,
  tensor,
} from 'tsgpt';
import { heatMapSvg } from 'tsgpt/charts';
import { visibleToken } from 'tsgpt/inspect';
import { picture, section, table } from './kit/lesson.ts';

section('Byte-pair encoding');
const tokenizer = new GPT2Tokenizer();
const sentences = ['Every effort moves you', 'Every day holds a'];
for (const sentence of sentences) {
  const ids = tokenizer.encode(sentence);
  table(
    ['token', 'id'],
    ids.map((id) => [JSON.stringify(tokenizer.decode([id])), id]),
  );
}

section('Words it has never seen');
for (const text of ['unforgettable', 'Zyxwvian', 'naïve 🙂', '12345']) {
  const ids = tokenizer.encode(text);
  const pieces = ids.map((id) =>
    [...tokenizer.tokenBytes(id)].map((byte) => byte.toString(16)).join(' '),
  );
  console.log(
    `${text}: ${ids.length} tokens ${JSON.stringify(ids)}, as bytes: ${pieces.join(' | ')}`,
  );
  console.log(`  decoded: ${tokenizer.decode(ids)}`);
}

section('A batch of ids');
const batch = tensor(
  sentences.map((sentence) => tokenizer.encode(sentence)),
  { dtype: 'int32' },
);
console.log(await batch.print());

section('Token embedding');
const { vocabSize, contextLength, embDim } = gpt2.small;
seedParameters(123);
const tokenEmbedding = new Embedding(vocabSize, embDim);
const tokens = tokenEmbedding.forward(batch); // [batch, time, embDim]
console.log(tokens);
const firstNumbers = (x: Tensor) => x.reshape([-1, embDim]).slice(null, [0, 6]); // of each token
console.log(await firstNumbers(tokens).print());

section('Position embedding');
const positionEmbedding = new Embedding(contextLength, embDim);
const positions = positionEmbedding.weight.slice([0, batch.shape[1]!]); // [time, embDim]
console.log(positions);

section('Their sum');
const embeddings = tokens.add(positions); // [batch, time, embDim]
console.log(embeddings);
const labels = sentences.flatMap((sentence) =>
  tokenizer.encode(sentence).map((id) => visibleToken(tokenizer.decode([id]))),
);
const values = (x: Tensor) => firstNumbers(x).array<number[][]>();
picture(
  'embeddings',
  await heatMapSvg({
    title: 'Token embedding + position embedding = what the model reads',
    rows: labels,
    columns: Array.from({ length: 6 }, (_, i) => String(i)),
    rowLabel: 'token',
    columnLabel: 'dimension (the first 6 of 768)',
    valueLabel: 'value',
    panels: [
      { title: 'tokens', values: await values(tokens) },
      {
        title: 'positions',
        values: await values(positions.expand(tokens.shape)),
      },
      { title: 'sum', values: await values(embeddings) },
    ],
  }),
);
