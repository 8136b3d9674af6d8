// Lesson 14: how to see that training goes wrong, and what to do about it.
import { readFileSync } from 'node:fs';
import * as tsgpt from 'tsgpt';
import { bundledNovelPath, openText, trainTokenizerOnText } from 'tsgpt/node';
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
const steady = { ...usual, schedule: 'constant' } as const;

/** Trains a new model, always from the same weights and windows. */
async function run(options: Partial<tsgpt.TrainOptions>, dropRate = 0) {
  const random = new tsgpt.Random(123);
  const model = new tsgpt.GPT2({ ...size, vocabSize, dropRate }, random);
  const losses: number[] = [];
  const norms: number[] = [];
  const checks: [step: number, loss: number][] = []; // on validation text
  const all = { ...steady, warmupSteps: 0, steps: 30, ...options };
  for await (const report of tsgpt.train(model, data, all)) {
    if (report.loss !== undefined) losses.push(report.loss);
    if (report.gradNorm !== undefined) norms.push(report.gradNorm);
    const { step, validationLoss } = report;
    if (validationLoss !== undefined) checks.push([step, validationLoss]);
  }
  return { losses, norms, checks };
}
await show('tokens', [data.train.length, data.validation.length]);

section('Trying learning rates');
const curves: Record<string, number[]> = {};
for (const learningRate of [1e-4, 1e-3, 1e-2, 1e-1, 1]) {
  const { losses } = await run({ learningRate });
  curves[`rate ${learningRate}`] = losses;
  await show(`rate ${learningRate}: last loss`, losses.at(-1) ?? 0);
}
const look = { xLabel: 'step', yLabel: 'loss (nats per token)' };
await drawCurves('rates', 'The same run with five rates', curves, look);

section('Warm-up');
const high = { learningRate: 2e-2 };
const sudden = await run(high);
const warmed = await run({ ...high, warmupSteps: 10 });
await show('without', sudden.losses.slice(-4));
await show('with', warmed.losses.slice(-4));

section('A gradient spike');
const calm = { learningRate: 2e-3, warmupSteps: 10, steps: 400 };
const healthy = await run(calm);
const spike = healthy.norms.indexOf(Math.max(...healthy.norms.slice(10)));
await show('at step', spike + 1);
await show('norms around it', healthy.norms.slice(spike - 3, spike + 4));
await show('losses', healthy.losses.slice(spike - 3, spike + 4));

section('Clipping');
const unclipped = { ...calm, steps: spike + 20, maxGradNorm: Infinity };
const hit = await run(unclipped);
await show('with clipping', healthy.losses.slice(spike, spike + 20));
await show('without', hit.losses.slice(spike, spike + 20));

section('Overfitting and dropout');
const dropped = await run(calm, 0.3);
for (const [i, [step, loss]] of healthy.checks.entries()) {
  const [, other = 0] = dropped.checks[i] ?? [];
  console.log(`step ${step}: ${loss.toFixed(2)} or ${other.toFixed(2)}`);
}
