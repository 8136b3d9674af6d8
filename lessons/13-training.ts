// Lesson 13: training changes the weights so that a text becomes more likely.
import { readFileSync } from 'node:fs';
import * as tsgpt from 'tsgpt';
import { fromArray, GPT2, grad, Random, type Tensor, tensor } from 'tsgpt';
import { bundledNovelPath } from 'tsgpt/node';
import { type BatchArray, sequentialWindows } from 'tsgpt/text';
import { drawCurves } from './kit/figures.ts';
import { section, show } from './kit/lesson.ts';

section('A short text');
const tokenizer = new tsgpt.GPT2Tokenizer();
const novel = readFileSync(bundledNovelPath(), 'utf8').slice(0, 20_480);
const ids = Uint16Array.from(tokenizer.encode(novel));
const data = tsgpt.splitTrainValidation(ids);
await show('tokens', [data.train.length, data.validation.length]);

section('A window and its targets');
const words = [...ids.subarray(20, 27)].map((id) => tokenizer.decode([id]));
await show('tokens', words.slice(0, -1));
await show('targets', words.slice(1));

section('A batch');
const sizes = { batchSize: 4, windowLength: 64 };
const windows = new tsgpt.RandomWindows(data.train, sizes, new Random(1));
const { tokens, targets } = windows.next();
const asTensor = ({ data, shape }: BatchArray) => fromArray(data, shape);
await show('tokens', asTensor(tokens).slice(null, [0, 8]));
await show('targets', asTensor(targets).slice(null, [0, 8]));

section('Loss');
const scores = tensor([2, 1, 0, 0, 0, 0]).reshape([2, 3]); // [time, tokens]
const follows = tensor([0, 2], { dtype: 'int32' }); // what really follows
await show(scores.softmax(-1));
const first = -Math.log(Math.exp(2) / (Math.exp(2) + Math.exp(1) + 1));
await show('by hand', (first + Math.log(3)) / 2);
await show('crossEntropy', tsgpt.crossEntropy(scores, follows));

section('The loss before training');
const shape = { contextLength: 64, embDim: 128, nHeads: 4, nLayers: 2 };
const config = { ...tsgpt.gpt2.small, ...shape, dropRate: 0 };
const model = new GPT2(config, new Random(123));
const before = model.loss(asTensor(tokens), asTensor(targets));
await show('loss', before);
await show('ln(50257)', Math.log(50_257));
await show('perplexity', before.exp());

section('The loop');
const optimizer = new tsgpt.AdamW(model.namedParameters());
const passes = tsgpt.compile((tokens: Tensor, targets: Tensor) => {
  const loss = model.loss(tokens, targets); // forward
  return [loss, ...grad(loss, model.parameters())]; // backward
});
const loss = new Float32Array(1);
const losses: number[] = [];
for (let step = 0; step < 60; step++) {
  const { tokens, targets } = windows.next();
  const results = [loss, ...optimizer.gradients.values()]; // to be filled
  await passes.run([tokens, targets].map(asTensor), results);
  await optimizer.update({ learningRate: 1e-3 });
  losses.push(...loss);
}
const tens = losses.filter((_, step) => step % 10 === 9);
await show('losses', tens);
const look = { xLabel: 'step', yLabel: 'loss (nats per token)' };
await drawCurves('loss', 'Sixty steps', { loss: losses }, look);

section('The library agrees');
const twin = new GPT2(config, new Random(123));
const batches = new tsgpt.RandomWindows(data.train, sizes, new Random(1));
batches.next(); // the batch that was shown above
const rule = new tsgpt.AdamW(twin.namedParameters());
const settings = { batches, optimizer: rule, learningRate: 1e-3 };
const objective = tsgpt.nextToken; // calls model.loss
const trainer = new tsgpt.Trainer({ model: twin, objective, ...settings });
for (const loss of losses.slice(0, 3))
  await show('difference', loss - (await trainer.trainStep()).loss);

section('Text that it has not seen');
for (const { tokens, targets } of sequentialWindows(data.validation, sizes))
  await show('loss', model.loss(asTensor(tokens), asTensor(targets)));
