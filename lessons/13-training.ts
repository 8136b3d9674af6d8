// Lesson 13: training changes the weights so that a text becomes more likely.
import { readFileSync } from 'node:fs';
import * as tsgpt from 'tsgpt';
import { AdamW, fromArray, GPT2, Random, type Tensor, tensor } from 'tsgpt';
import { bundledNovelPath } from 'tsgpt/node';
import { type BatchArray, sequentialWindows } from 'tsgpt/text';
import { drawLosses } from './kit/figures.ts';
import { section, show } from './kit/lesson.ts';

section('A short text');
const tokenizer = new tsgpt.GPT2Tokenizer();
const text = readFileSync(bundledNovelPath(), 'utf8').slice(0, 20_480);
const ids = Uint16Array.from(tokenizer.encode(text));
const data = tsgpt.splitTrainValidation(ids);
await show('tokens to learn from', data.train.length);
await show('tokens to check with', data.validation.length);

section('A window and its targets');
const words = [...ids.subarray(20, 27)].map((id) => tokenizer.decode([id]));
await show('tokens ', words.slice(0, -1));
await show('targets', words.slice(1));

section('A batch');
const sizes = { batchSize: 4, windowLength: 64 };
const windows = new tsgpt.RandomWindows(data.train, sizes, new Random(1));
const asTensor = ({ data, shape }: BatchArray) => fromArray(data, shape);
const { tokens, targets } = windows.next();
await show('tokens ', asTensor(tokens).slice(null, [0, 6]));
await show('targets', asTensor(targets).slice(null, [0, 6]));

section('Loss');
const scores = tensor([[2, 1, 0], [0, 0, 0]]); // of 3 tokens at 2 positions
const follows = tensor([0, 2], { dtype: 'int32' }); // what really follows
await show(scores.softmax(-1));
const first = -Math.log(Math.exp(2) / (Math.exp(2) + Math.exp(1) + 1));
await show('by hand', ((first + Math.log(3)) / 2).toFixed(6));
const crossEntropy = await tsgpt.crossEntropy(scores, follows).item();
await show('crossEntropy', crossEntropy.toFixed(6));

section('The loss before training');
const shape = { contextLength: 64, embDim: 128, nHeads: 4, nLayers: 2 };
const config = { ...tsgpt.gpt2.small, ...shape, dropRate: 0 };
const fresh = new GPT2(config, new Random(123));
const lossOf = () => fresh.loss(asTensor(tokens), asTensor(targets));
const before = await lossOf().item();
await show('loss', before);
await show('ln(50257)', Math.log(50_257));
await show('perplexity', Math.exp(before));

section('One step by hand');
const { weight } = fresh.tokenEmbedding;
const [gradient = weight] = tsgpt.grad(lossOf(), [weight]);
weight.value = await weight.sub(gradient.mul(1)).floats(); // learning rate 1
await show('loss after one step', lossOf());

section('The loop');
const model = new GPT2(config, new Random(123));
const optimizer = new AdamW(model.namedParameters());
const lossAndGradients = tsgpt.compile((tokens: Tensor, targets: Tensor) => {
  const loss = model.loss(tokens, targets); // forward
  return [loss, ...tsgpt.grad(loss, model.parameters())]; // backward
});
const [loss, losses] = [new Float32Array(1), Array<tsgpt.LossPoint>()];
for (let step = 1; step <= 64; step++) {
  const { tokens, targets } = windows.next();
  const results = [loss, ...optimizer.gradients.values()]; // filled by run
  await lossAndGradients.run([tokens, targets].map(asTensor), results);
  await optimizer.update({ learningRate: 2e-3 });
  losses.push({ step, loss: loss[0] ?? 0 });
}

section('The library agrees');
section('What it has learned');
