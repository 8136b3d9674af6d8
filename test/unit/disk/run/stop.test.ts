import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openModel } from '../../../../src/disk/open-model.ts';
import {
  type FolderReport,
  loadCheckpoint,
  saveCheckpoint,
  textTrainingRecord,
  trainInFolder,
} from '../../../../src/disk/run/index.ts';
import type { GPT2 } from '../../../../src/models/index.ts';
import { type TrainOptions, type TrainReport, textTrainer } from '../../../../src/train/index.ts';
import { readLog, temporaryFolder, tinyModel, tinyText, tinyTokenizer, weightBits } from '../../../support/tiny.ts';
import { newRun, resumedRun } from '../../../support/tiny-run.ts';

/** Changes a part of a checkpoint's JSON file. */
function edit(path: string, change: (file: { training: object }) => object): void {
  const file = JSON.parse(readFileSync(path, 'utf8'));
  writeFileSync(path, JSON.stringify({ ...file, ...change(file) }));
}

describe('a run stopped between two evaluations', () => {
  const stopped = async (signals: 'signal' | 'both') => {
    const folder = temporaryFolder();
    const [stop, hurry] = [new AbortController(), new AbortController()];
    const reports: TrainReport[] = [];
    for await (const report of trainInFolder({ ...newRun(folder), signal: stop.signal, hurry: hurry.signal })) {
      reports.push(report);
      if (report.step !== 6) continue;
      if (signals === 'both') hurry.abort();
      stop.abort();
    }
    return { folder, reports };
  };

  it('is measured: its log and its checkpoints agree', async () => {
    const { folder, reports } = await stopped('signal');
    expect(reports.map(({ step }) => step)).toEqual([0, 1, 2, 3, 4, 5, 6, 6]);
    const log = readLog(folder);
    expect(log.map(({ step }) => step)).toEqual([0, 1, 2, 3, 4, 5, 6]);
    const { file, model } = await loadCheckpoint(folder, 'last');
    expect([file.step, file.validationLoss]).toEqual([6, log.at(-1)!.validationLoss]);
    expect(log.at(-1)!.loss).toBeGreaterThan(0);
    const { options } = textTrainingRecord(await loadCheckpoint(folder, 'last'));
    expect(await textTrainer(model as GPT2, tinyText, options).evaluate()).toBe(file.validationLoss);
    const measuredLosses = log.flatMap(({ validationLoss = [] }) => validationLoss);
    expect((await loadCheckpoint(folder, 'best')).file.validationLoss).toBe(Math.min(...measuredLosses));
  });

  it('is only saved in a hurry', async () => {
    const { folder, reports } = await stopped('both');
    expect(reports.map(({ step }) => step)).toEqual([0, 1, 2, 3, 4, 5, 6]);
    const { file } = await loadCheckpoint(folder, 'last');
    expect([file.step, file.validationLoss]).toEqual([6, undefined]);
  });

  it('in a hurry gives up a step that has begun, and goes on as if nothing had happened', async () => {
    const folder = temporaryFolder();
    const hurry = new AbortController();
    const model = newRun(folder).model;
    const loss = model.loss.bind(model);
    let losses = 0;
    // The graph of a step is made when its first batch comes; the second one of the first step is then still to come.
    model.loss = (...args) => {
      if (++losses === 2) hurry.abort();
      return loss(...args);
    };
    const run = { ...newRun(folder), model };
    for await (const _ of trainInFolder({ ...run, hurry: hurry.signal }));
    expect((await loadCheckpoint(folder, 'last')).file.step).toBe(0);
    for await (const _ of trainInFolder(await resumedRun(folder)));
    const whole = temporaryFolder();
    for await (const _ of trainInFolder(newRun(whole)));
    const lossesOf = (of: string) => readLog(of).map(({ step, loss }) => ({ step, loss }));
    expect(lossesOf(folder)).toEqual(lossesOf(whole));
  });

  it('ends a measurement that has begun, in a hurry', async () => {
    const folder = temporaryFolder();
    const [stop, hurry] = [new AbortController(), new AbortController()];
    const options = { ...newRun(folder).options, evalWindows: 4e9, evalInterval: 100 };
    for await (const { step } of trainInFolder({ ...newRun(folder), options: { ...options, evalWindows: 8 } })) {
      if (step === 1) break;
    }
    edit(join(folder, 'last.json'), ({ training }) => ({ training: { ...training, options } })); // not to measure the best first
    const run = { ...(await resumedRun(folder)), options, signal: stop.signal, hurry: hurry.signal };
    for await (const { step } of trainInFolder(run)) {
      if (step !== 3) continue;
      stop.abort();
      setTimeout(() => hurry.abort(), 100);
    }
    expect((await loadCheckpoint(folder, 'last')).file.step).toBe(3);
  });
});

describe('a folder with two checkpoints', () => {
  const folderWith = async (best: number, last: number) => {
    const folder = temporaryFolder();
    const model = tinyModel();
    await saveCheckpoint(folder, ['best', 'last'], { model, tokenizer: tinyTokenizer, step: best, validationLoss: 2 });
    await saveCheckpoint(folder, ['last'], { model, tokenizer: tinyTokenizer, step: last });
    return folder;
  };

  it.each([
    { best: 4, last: 7, taken: 4 },
    { best: 0, last: 7, taken: 7 },
    { best: 0, last: 0, taken: 0 },
  ])('is read at the best one, but not at step 0: %o', async ({ best, last, taken }) => {
    const folder = await folderWith(best, last);
    expect((await loadCheckpoint(folder)).file.step).toBe(taken);
    expect((await openModel(folder)).checkpoint).toMatchObject({
      step: taken,
      name: taken === last && best !== last ? 'last' : 'best',
      other: { step: taken === best ? last : best },
    });
    expect((await loadCheckpoint(folder, 'best')).file.step).toBe(best);
    expect((await loadCheckpoint(folder, 'last')).file.step).toBe(last);
  });

  it('may have a damaged one that is not needed', async () => {
    const folder = await folderWith(4, 7);
    writeFileSync(join(folder, 'last.json'), '{');
    expect((await loadCheckpoint(folder)).file.step).toBe(4);
  });
});

describe('the best checkpoint of a resumed run', () => {
  /** A run whose best checkpoint is said to have had a loss that no other can have. */
  async function trained(loss: number) {
    const folder = temporaryFolder();
    for await (const { step } of trainInFolder(newRun(folder))) if (step === 4) break;
    edit(join(folder, 'best.json'), () => ({ validationLoss: loss }));
    edit(join(folder, 'last.json'), ({ training }) => ({ training: { ...training, bestValidationLoss: loss } }));
    const best = await loadCheckpoint(folder, 'best');
    return { folder, best };
  }
  const bestLossIn = async (folder: string) =>
    textTrainingRecord(await loadCheckpoint(folder, 'last')).bestValidationLoss;

  it.each([{ evalWindows: 5 }, { windowLength: 5 }])('is measured anew where %o is another', async (changes) => {
    const { folder, best } = await trained(0.001);
    const run = await resumedRun(folder);
    const options = { ...run.options!, ...changes };
    const expected = await textTrainer(best.model as GPT2, tinyText, options as TrainOptions).evaluate();
    const weights = weightBits(run.model);
    const reports: FolderReport[] = [];
    for await (const report of trainInFolder({
      ...run,
      options: { ...options, steps: 5 },
      onStart: () => expect(weightBits(run.model)).toEqual(weights),
    })) {
      reports.push(report);
    }
    const measured = reports.flatMap(({ validationLoss = [] }) => validationLoss);
    expect(await bestLossIn(folder)).toBe(Math.min(expected, ...measured));
    // The weights that training went on with were those of the last checkpoint.
    const other = await trained(0.001);
    const rerun = await resumedRun(other.folder);
    const again: FolderReport[] = [];
    for await (const report of trainInFolder({
      ...rerun,
      options: { ...rerun.options, steps: 5, ...('windowLength' in changes ? changes : {}) },
    }))
      again.push(report);
    expect(reports.map(({ loss }) => loss)).toEqual(again.map(({ loss }) => loss));
  });

  it('keeps its loss where the windows are the same, written out or not', async () => {
    const { folder } = await trained(0.001);
    const run = await resumedRun(folder);
    for await (const _ of trainInFolder({ ...run, options: { ...run.options, batchSize: 2, windowLength: 8 } }));
    expect(await bestLossIn(folder)).toBe(0.001);
  });

  it('that cannot be read is told, and the next one measured is the best', async () => {
    const { folder } = await trained(0.001);
    writeFileSync(join(folder, 'best.json'), '{');
    const run = await resumedRun(folder);
    const warnings: string[] = [];
    const onWarning = (message: string) => void warnings.push(message);
    for await (const _ of trainInFolder({ ...run, onWarning, options: { ...run.options, evalWindows: 5 } }));
    expect(warnings).toEqual([expect.stringContaining('could not measure its best checkpoint anew: the checkpoint')]);
    expect(await bestLossIn(folder)).toBeGreaterThan(0.5);
    expect((await loadCheckpoint(folder, 'best')).file.step).toBeGreaterThan(4);
  });

  it('is as before if measuring it was stopped', async () => {
    const { folder } = await trained(0.001);
    const run = await resumedRun(folder);
    const before = readFileSync(join(folder, 'last.json'), 'utf8');
    const stop = new AbortController();
    const onStart = () => stop.abort();
    const options = { ...run.options, evalWindows: 1e6 };
    for await (const _ of trainInFolder({ ...run, signal: stop.signal, onStart, options }));
    expect(readFileSync(join(folder, 'last.json'), 'utf8')).toBe(before);
  });
});
