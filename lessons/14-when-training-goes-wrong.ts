// Lesson 14: how to see that training goes wrong, and what to do about it.
import { readFileSync } from 'node:fs';
import * as tsgpt from 'tsgpt';
import { bundledNovelPath, openText, trainTokenizerOnText } from 'tsgpt/node';
import { clipScale } from 'tsgpt/train';
import { drawCurves } from './kit/figures.ts';
import { section, show } from './kit/lesson.ts';

section('A small setting');
const vocabSize = 1024;
const novel = await openText(bundledNovelPath());
const { tokenizer } = await trainTokenizerOnText(novel, { vocabSize });
const text = readFileSync(bundledNovelPath(), 'utf8').slice(0, 12_288);
const ids = Uint16Array.from(tokenizer.encode(text));
const data = tsgpt.splitTrainValidation(ids);
const size = { contextLength: 64, embDim: 64, nHeads: 4, nLayers: 2 };
const usual = { batchSize: 4, evalInterval: 40, evalWindows: 6, seed: 123 };
const steady = { ...usual, schedule: 'constant', warmupSteps: 0 } as const;

/** Trains a new model, always from the same weights and windows. */
async function run(options: Partial<tsgpt.TrainOptions>, dropRate = 0) {
  const random = new tsgpt.Random(123);
  const model = new tsgpt.GPT2({ ...size, vocabSize, dropRate }, random);
  const losses: number[] = [];
  const norms: number[] = []; // of all gradients together
  const checks: [step: number, loss: number][] = []; // on validation text
  const all = { ...steady, steps: 30, ...options };
  for await (const report of tsgpt.train(model, data, all)) {
    const { step, loss, gradNorm, validationLoss } = report;
    if (loss !== undefined) losses.push(loss);
    if (gradNorm !== undefined) norms.push(gradNorm);
    if (validationLoss !== undefined) checks.push([step, validationLoss]);
  }
  return { losses, norms, checks };
}

section('Trying learning rates');
const curves: Record<string, number[]> = {};
for (const learningRate of [1e-4, 1e-3, 1e-2, 1e-1, 1]) {
  const { losses } = await run({ learningRate });
  if (learningRate < 1) curves[`rate ${learningRate}`] = losses;
  await show(`rate ${learningRate}`, losses.slice(-4));
}
const look = { xLabel: 'step', yLabel: 'loss (nats per token)' };
await drawCurves('rates', 'The same run with four rates', curves, look);

section('Warm-up');
const range = { learningRate: 1e-2, minLearningRate: 1e-3 };
const rate = tsgpt.cosineSchedule({ ...range, warmupSteps: 10, steps: 60 });
await show('rates', [0, 1, 5, 10, 20, 40, 60].map(rate));
for (const warmupSteps of [0, 10]) {
  const { losses } = await run({ learningRate: 1e-2, warmupSteps });
  await show(`warm-up ${warmupSteps}`, losses.slice(4, 8));
}

section('A gradient spike');
const clipped = await run({ learningRate: 5e-3, warmupSteps: 20 });
await show('norms of steps 18 to 24', clipped.norms.slice(17, 24));
await show('losses', clipped.losses.slice(17, 24));

section('Clipping');
await show('scale', clipScale(Math.max(...clipped.norms), 1));
const maxGradNorm = Number.POSITIVE_INFINITY; // never clip
const free = { learningRate: 5e-3, warmupSteps: 20, maxGradNorm };
await show('without', (await run(free)).losses.slice(17, 24));

section('Overfitting, and dropout');
const long = { learningRate: 2e-3, warmupSteps: 10, steps: 400 };
const plain = await run(long);
const dropped = await run(long, 0.3);
for (const [name, { checks, losses }] of Object.entries({ plain, dropped })) {
  await show(`${name}: lowest in training`, Math.min(...losses));
  const rounded = checks.map(([, loss]) => loss.toFixed(2));
  await show('on unseen text', rounded.join(' '));
}
const unseen = { 'unseen text': plain.checks, 'and dropout': dropped.checks };
const lines = { training: plain.losses, 'with dropout': dropped.losses };
const four = { ...lines, ...unseen };
await drawCurves('overfitting', 'Too long on too little', four, look);
