import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { TsgptError } from '../../../../src/core/errors.ts';
import { loadCheckpoint, textTrainingRecord, trainInFolder } from '../../../../src/disk/run/index.ts';
import { completeTrainOptions, type TrainOptions } from '../../../../src/train/index.ts';
import { errorOf, measured, readLog, temporaryFolder, tinyOptions, weightBits } from '../../../support/tiny.ts';
import { newRun, resumedRun } from '../../../support/tiny-run.ts';

const { betas: _, eps: __, weightDecay: ___, ...shared } = tinyOptions;

/** A run of the tiny model with other options than AdamW's. */
function runWith(folder: string, options: Partial<TrainOptions>) {
  return { ...newRun(folder), options: { ...shared, gradientAccumulation: 2, ...options } };
}

async function finish(run: ReturnType<typeof newRun>) {
  for await (const _ of trainInFolder(run));
  return { log: readLog(run.folder).map(measured), weights: weightBits(run.model) };
}

const cases: [string, Partial<TrainOptions>][] = [
  ['SGD', { optimizer: 'sgd', learningRate: 0.1 }],
  ['SGD with Nesterov momentum and decay', { optimizer: 'sgd', nesterov: true, weightDecay: 1e-3 }],
  ['SGD without momentum, which remembers nothing', { optimizer: 'sgd', momentum: 0 }],
  ['Muon', { optimizer: 'muon' }],
  ['Muon and warm-up, stable, decay', { optimizer: 'muon', momentum: 0.8, schedule: 'wsd', decaySteps: 5 }],
  ['AdamW and a line', { optimizer: 'adamw', schedule: 'linear' }],
  ['AdamW and a constant rate', { optimizer: 'adamw', schedule: 'constant' }],
];

describe('a run is resumed bit for bit', () => {
  it.each(cases)('with %s', async (_, options) => {
    const whole = await finish(runWith(temporaryFolder(), options));
    for (const stop of [4, 7]) {
      const folder = temporaryFolder();
      for await (const { step } of trainInFolder(runWith(folder, options))) if (step === stop) break;
      const run = await resumedRun(folder);
      expect(run.options).toEqual(completeTrainOptions({ ...shared, gradientAccumulation: 2, ...options }));
      expect(await finish(run)).toEqual(whole);
    }
  });
});

describe('a run is not resumed', () => {
  it.each([
    ['sgd', 'muon', {}],
    ['adamw', 'sgd', { momentum: 0 }],
    ['muon', 'adamw', {}],
  ] as const)('from %s with %s', async (before, after, others) => {
    const folder = temporaryFolder();
    for await (const { step } of trainInFolder(runWith(folder, { optimizer: before }))) if (step === 5) break;
    const saved = readFileSync(join(folder, 'last.json'), 'utf8');
    const run = { ...(await resumedRun(folder)), options: { ...shared, optimizer: after, ...others } };
    const error = await errorOf(finish(run));
    expect(error).toBeInstanceOf(TsgptError);
    expect(error.message).toBe(
      `the run in ${folder} was trained with ${before}, so it cannot continue with ${after}; resume it with the same optimiser, or start a new run`,
    );
    expect(readFileSync(join(folder, 'last.json'), 'utf8')).toBe(saved);
  });

  it.each([
    [0.9, 0, 'that one remembers momentum, this one nothing'],
    [0, 0.9, 'that one remembers nothing, this one momentum'],
  ])('by SGD from momentum %d with momentum %d', async (before, after, message) => {
    const folder = temporaryFolder();
    const sgd = { ...shared, optimizer: 'sgd' as const };
    for await (const { step } of trainInFolder(runWith(folder, { ...sgd, momentum: before }))) if (step === 5) break;
    const error = await errorOf(finish({ ...(await resumedRun(folder)), options: { ...sgd, momentum: after } }));
    expect(error.message).toContain(message);
  });
});

describe('the patience of a run', () => {
  /** The text is random, so the validation loss soon rises. */
  const impatient: Partial<TrainOptions> = {
    optimizer: 'adamw',
    learningRate: 0.03,
    steps: 400,
    evalInterval: 5,
    patience: 3,
  };

  it('ends it, with the best checkpoint kept, and a resumed run ends at the same step', async () => {
    const folder = temporaryFolder();
    const whole = await finish(runWith(folder, impatient));
    const last = whole.log.at(-1)!.step;
    expect(last).toBeLessThan(400);
    const losses = whole.log.filter(({ validationLoss }) => validationLoss !== undefined);
    const best = losses.reduce((a, b) => (b.validationLoss! < a.validationLoss! ? b : a));
    expect(best.step).toBe(last - 15);
    expect((await loadCheckpoint(folder, 'best')).file.step).toBe(best.step);
    expect((await loadCheckpoint(folder, 'last')).file.step).toBe(last);

    const other = temporaryFolder();
    for await (const { step } of trainInFolder(runWith(other, impatient))) if (step === last - 7) break;
    expect(textTrainingRecord(await loadCheckpoint(other, 'last')).lastImprovement?.step).toBe(best.step);
    expect(await finish(await resumedRun(other))).toEqual(whole);

    const error = await errorOf(finish(await resumedRun(folder)));
    expect(error.message).toBe(
      `the run in ${folder} has ended: its validation loss has not fallen since step ${best.step}; raise patience, now 3, to continue`,
    );
    const patient = await resumedRun(folder);
    const steps: number[] = [];
    for await (const { step } of trainInFolder({ ...patient, options: { ...patient.options, patience: 4 } })) {
      steps.push(step);
    }
    expect(steps[0]).toBe(last + 1);
  });
});

describe('a run that diverges', () => {
  it.each(['adamw', 'sgd', 'muon'] as const)('keeps the checkpoint from before, with %s', async (optimizer) => {
    const folder = temporaryFolder();
    for await (const { step } of trainInFolder(runWith(folder, { optimizer }))) if (step === 5) break;
    const before = readFileSync(join(folder, 'last.json'), 'utf8');
    const run = await resumedRun(folder);
    const options = { ...run.options, learningRate: 1e35, warmupSteps: 0, maxGradNorm: Number.POSITIVE_INFINITY };
    const error = await errorOf(finish({ ...run, options }));
    expect(error).toBeInstanceOf(TsgptError);
    expect(error.message).toContain(`${folder} keeps the checkpoint of step 5; resume it with a lower learningRate`);
    expect(readFileSync(join(folder, 'last.json'), 'utf8')).toBe(before);
    // The advice works.
    const rest = await resumedRun(folder);
    await finish({ ...rest, options: { ...rest.options, learningRate: 1e-3 } });
    expect((await loadCheckpoint(folder, 'last')).file.step).toBe(12);
  });

  it('saves no weights that are not finite, even if nothing measures them', async () => {
    const folder = temporaryFolder();
    const run = runWith(folder, { optimizer: 'sgd', learningRate: 1e38, warmupSteps: 0, evalInterval: 1000 });
    const reports = trainInFolder(run);
    await reports.next();
    await reports.next();
    run.model.namedParameters().get('finalNorm.weight')!.value[0] = Number.NaN;
    const error = await errorOf(reports.return());
    expect(error.message).toBe(
      'weights became NaN or infinite by step 1; start again with a lower learningRate or maxGradNorm, or more warmupSteps',
    );
    expect((await loadCheckpoint(folder, 'last')).file.step).toBe(0);
    expect(existsSync(join(folder, 'step-1.model.safetensors'))).toBe(false);
  });
});
