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
const text = readFileSync(bundledNovelPath(), 'utf8').slice(0, 20_480);
const ids = Uint16Array.from(tokenizer.encode(text));
const data = tsgpt.splitTrainValidation(ids);
await show('tokens', [data.train.length, data.validation.length]);

section('A window and its targets');
const words = [...ids.subarray(20, 27)].map((id) => tokenizer.decode([id]));
await show('tokens ', words.slice(0, -1));
await show('targets', words.slice(1));

section('A batch');
const sizes = { batchSize: 4, windowLength: 64 };
const seed = () => new Random(1);
const windows = new tsgpt.RandomWindows(data.train, sizes, seed());
const { tokens, targets } = windows.next();
const asTensor = ({ data, shape }: BatchArray) => fromArray(data, shape);
console.log(`${asTensor(tokens)}`);

section('Loss');
const scores = tensor([2, 1, 0, 0, 0, 0]).reshape([2, 3]);
const follows = tensor([0, 2], { dtype: 'int32' }); // what really follows
await show(scores.softmax(-1)); // of three tokens at two positions
const first = -Math.log(Math.exp(2) / (Math.exp(2) + Math.exp(1) + 1));
await show('by hand', ((first + Math.log(3)) / 2).toFixed(6));
const entropy = await tsgpt.crossEntropy(scores, follows).item();
await show('crossEntropy', entropy.toFixed(6));

section('The loss before training');
const shape = { contextLength: 64, embDim: 128, nHeads: 4, nLayers: 2 };
const config = { ...tsgpt.gpt2.small, ...shape, dropRate: 0 };
const fresh = new GPT2(config, new Random(123));
const before = fresh.loss(asTensor(tokens), asTensor(targets));
await show('loss', before);
await show('ln(50257)', Math.log(50_257));
await show('perplexity', before.exp());

section('One step by hand');
const { weight } = fresh.tokenEmbedding;
const [slope = weight] = grad(before, [weight]);
weight.value = await weight.sub(slope.mul(1)).floats(); // learning rate 1
const after = fresh.loss(asTensor(tokens), asTensor(targets));
await show('loss after one step', after);

section('The loop');
const model = new GPT2(config, new Random(123));
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
await show('losses', losses.filter((_, step) => step % 10 === 9));
const look = { xLabel: 'step', yLabel: 'loss (nats per token)' };
await drawCurves('loss', 'Sixty steps', { loss: losses }, look);

section('The library agrees');
const twin = new GPT2(config, new Random(123));
const stream = new tsgpt.RandomWindows(data.train, sizes, seed());
stream.next(); // the batch that was shown above
const trainer = new tsgpt.Trainer({
  ...{ model: twin, objective: tsgpt.nextToken, batches: stream },
  optimizer: new tsgpt.AdamW(twin.namedParameters()),
  learningRate: 1e-3,
});
for (const loss of losses.slice(0, 3))
  await show('difference', loss - (await trainer.trainStep()).loss);

section('What it has learned');
for (const held of sequentialWindows(data.validation, sizes)) {
  const unseen = model.loss(asTensor(held.tokens), asTensor(held.targets));
  await show('validation loss', unseen);
}
let written = 'It is a truth';
const greedy = { maxTokens: 30, temperature: 0 };
for await (const piece of tsgpt.generate(model, tokenizer, written, greedy))
  written += piece;
await show(written);
