// Lesson 13: training changes the weights step by step, so that the text becomes more likely.
import { readFileSync } from 'node:fs';
import {
  crossEntropy,
  GPT2,
  GPT2Tokenizer,
  generate,
  gpt2,
  grad,
  Random,
  splitTrainValidation,
  tensor,
  train,
} from 'tsgpt';
import { type LossPoint, lossCurveSvg } from 'tsgpt/charts';
import { bundledNovelPath } from 'tsgpt/node';
import { picture, section, table } from './kit/lesson.ts';

section('A short text');
const tokenizer = new GPT2Tokenizer();
const text = readFileSync(bundledNovelPath(), 'utf8').slice(0, 20_480);
const ids = Uint16Array.from(tokenizer.encode(text));
const data = splitTrainValidation(ids);
console.log(`${text.length} characters, ${ids.length} tokens`);

section('Loss');
const logits = tensor([
  [2, 1, 0],
  [0, 0, 0],
]); // scores of three tokens at two positions
const targets = tensor([0, 2], { dtype: 'int32' });
console.log(await logits.softmax(-1).print());
console.log(
  `by hand: ${((-Math.log(Math.exp(2) / (Math.exp(2) + Math.exp(1) + 1)) + Math.log(3)) / 2).toFixed(6)}`,
);
console.log(
  `crossEntropy: ${(await crossEntropy(logits, targets).item()).toFixed(6)}`,
);

section('The loss before training');
const shape = {
  contextLength: 64,
  embDim: 128,
  nHeads: 4,
  nLayers: 2,
  dropRate: 0.1,
};
const model = new GPT2({ ...gpt2.small, ...shape }, new Random(123));
const window = (from: number) =>
  tensor([[...ids.subarray(from, from + 64)]], { dtype: 'int32' }); // [batch, time]
const loss = await model.loss(window(0), window(1)).item();
console.log(
  `loss ${loss.toFixed(3)}, ln(50257) = ${Math.log(50257).toFixed(3)}`,
);
console.log(`perplexity ${Math.exp(loss).toFixed(0)}`);

section('One step by hand');
const [gradient] = grad(model.loss(window(0), window(1)), [
  model.tokenEmbedding.weight,
]);
const change = await gradient!.floats();
const { weight } = model.tokenEmbedding;
weight.value = weight.value.map((value, i) => value - 1 * change[i]!); // against the gradient, learning rate 1
console.log(
  `loss after one step: ${(await model.loss(window(0), window(1)).item()).toFixed(3)}`,
);

section('The loop');
const losses: LossPoint[] = [];
const validation: LossPoint[] = [];
const rows: string[][] = [];
const options = {
  steps: 160,
  batchSize: 4,
  warmupSteps: 10,
  learningRate: 2e-3,
  evalInterval: 32,
  evalWindows: 8,
  seed: 123,
};
for await (const { step, loss, validationLoss } of train(
  model,
  data,
  options,
)) {
  if (loss !== undefined) losses.push({ step, loss });
  if (validationLoss === undefined) continue;
  validation.push({ step, loss: validationLoss });
  rows.push([
    String(step),
    loss?.toFixed(3) ?? '',
    validationLoss.toFixed(3),
    Math.exp(validationLoss).toFixed(0),
  ]);
}
table(['step', 'loss', 'validation loss', 'validation perplexity'], rows);
const title = 'Learning 20 kilobytes of Pride and Prejudice';
picture('loss', await lossCurveSvg({ train: losses, validation }, { title }));

section('What it has learned');
let written = 'It is a truth';
for await (const piece of generate(model, tokenizer, written, {
  maxTokens: 40,
  temperature: 0,
}))
  written += piece;
console.log(written);
