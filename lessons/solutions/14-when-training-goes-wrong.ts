// Solutions of lesson 14.
import { readFileSync } from 'node:fs';
import {
  CharTokenizer,
  GPT2,
  Random,
  splitTrainValidation,
  train,
} from 'tsgpt';
import { bundledNovelPath } from 'tsgpt/node';
import { clipScale } from 'tsgpt/train';
import { section, show } from '../kit/lesson.ts';

section('Exercise 1');
await show('knowing nothing', Math.log(1024));
await show('probability at a loss of 80', Math.exp(-80));

section('Exercise 2');
const text = readFileSync(bundledNovelPath(), 'utf8').slice(0, 12_288);
const tokenizer = CharTokenizer.fromText(text);
const data = splitTrainValidation(Uint16Array.from(tokenizer.encode(text)));
const { vocabSize } = tokenizer;
const size = { contextLength: 32, embDim: 32, nHeads: 2, nLayers: 1 };
for (const batchSize of [1, 16]) {
  const model = new GPT2({ ...size, vocabSize }, new Random(1));
  const losses: number[] = [];
  const options = { steps: 60, batchSize, evalInterval: 60, evalWindows: 1 };
  for await (const { loss } of train(model, data, options))
    if (loss !== undefined) losses.push(loss);
  const jumps = losses.slice(1).map((l, i) => Math.abs(l - (losses[i] ?? l)));
  const mean = jumps.reduce((a, b) => a + b) / jumps.length;
  await show(`batches of ${batchSize}: mean jump`, mean);
}

section('Exercise 3');
const gradient = [30, -40];
const scale = clipScale(Math.hypot(...gradient), 1);
await show(
  'clipped',
  gradient.map((g) => Number((g * scale).toFixed(4))),
);
await show(
  'number by number',
  gradient.map((g) => Math.sign(g)),
);
