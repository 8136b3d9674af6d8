// Lesson 15: the model gives every token a probability. How we choose makes the text dull, lively or mad.
import { Decoder, generate, Random, type SamplingOptions } from 'tsgpt';
import { candidates, sampleToken } from 'tsgpt/generate';
import { visibleToken } from 'tsgpt/inspect';
import { barChartSvg } from './kit/bar-chart.ts';
import { paragraph, picture, section } from './kit/lesson.ts';
import { trainedModel } from './kit/trained-model.ts';

section('One real distribution');
const { model, tokenizer, prompt } = await trainedModel();
const decoder = new Decoder(model);
const [scores] = await decoder.append(decoder.createCache(), [
  tokenizer.encode(prompt),
]); // one for each text
const logits = scores!; // of the token after the prompt: [vocabSize]
const { ids, probabilities } = candidates(logits, {}); // the likeliest first
const shown = ids.slice(0, 10); // the ten that the charts show
const text = (id: number) => tokenizer.decode([id]);
console.log(`${JSON.stringify(prompt)} …`);
for (const [i, id] of shown.entries()) {
  console.log(
    `${(100 * probabilities[i]!).toFixed(1).padStart(5)}%  ${JSON.stringify(text(id))}`,
  );
}

/** The probability of each token shown, in percent; 0 if it cannot be chosen. */
function barsOf(panel: string, options: SamplingOptions) {
  const allowed = candidates(logits, options);
  const total = allowed.probabilities.reduce((a, b) => a + b, 0);
  const share = new Map(
    allowed.ids.map((id, i) => [id, (100 * allowed.probabilities[i]!) / total]),
  );
  return shown.map((id) => ({
    panel,
    label: visibleToken(text(id)),
    value: share.get(id) ?? 0,
  }));
}
async function draw(
  name: string,
  title: string,
  choices: Record<string, SamplingOptions>,
): Promise<void> {
  const bars = Object.entries(choices).flatMap(([panel, options]) =>
    barsOf(panel, options),
  );
  const look = {
    horizontal: true,
    format: (percent: number) => percent.toFixed(1),
  };
  picture(
    name,
    await barChartSvg({ title, bars, valueLabel: 'probability (%)', ...look }),
  );
}

section('Temperature');
await draw('temperature', 'Temperature sharpens or flattens the choice', {
  'temperature 0.5': { temperature: 0.5 },
  'temperature 1': { temperature: 1 },
  'temperature 2': { temperature: 2 },
});

section('Top-k');
await draw('top-k', 'Top-k keeps the k likeliest tokens', {
  'all tokens': {},
  'top-k 5': { topK: 5 },
  'top-k 2': { topK: 2 },
});

section('Top-p');
for (const topP of [0.95, 0.8, 0.5])
  console.log(
    `tokens left by top-p ${topP}: ${candidates(logits, { topP }).ids.length} of ${logits.length}`,
  );
await draw('top-p', 'Top-p keeps the likeliest tokens up to a sum', {
  'all tokens': {},
  'top-p 0.8': { topP: 0.8 },
  'top-p 0.5': { topP: 0.5 },
});

section('A thousand draws');
const random = new Random(123);
const counts = new Map<number, number>();
for (let i = 0; i < 1000; i++) {
  const id = sampleToken(logits, { topK: 3 }, random);
  counts.set(id, (counts.get(id) ?? 0) + 1);
}
for (const [id, count] of [...counts].sort((a, b) => b[1] - a[1]))
  console.log(`${String(count).padStart(4)} times ${JSON.stringify(text(id))}`);

section('What becomes of the text');
for (const options of [
  { temperature: 0 },
  { temperature: 0.8, topP: 0.9 },
  { temperature: 1.5 },
]) {
  let written = prompt;
  for await (const piece of generate(decoder, tokenizer, prompt, {
    ...options,
    maxTokens: 40,
    seed: 3,
  }))
    written += piece;
  console.log(JSON.stringify(options));
  paragraph(written);
}
