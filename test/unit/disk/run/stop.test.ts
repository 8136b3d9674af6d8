import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openModel } from '../../../../src/disk/open-model.ts';
import { loadCheckpoint, saveCheckpoint, textTrainingRecord, trainInFolder } from '../../../../src/disk/run/index.ts';
import type { GPT2 } from '../../../../src/models/index.ts';
import { type TrainReport, textTrainer } from '../../../../src/train/index.ts';
import { readLog, temporaryFolder, tinyModel, tinyText, tinyTokenizer } from '../../../support/tiny.ts';
import { newRun, resumedRun } from '../../../support/tiny-run.ts';

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

  it('ends a measurement that has begun, in a hurry', async () => {
    const folder = temporaryFolder();
    const [stop, hurry] = [new AbortController(), new AbortController()];
    const options = { ...newRun(folder).options, evalWindows: 4e9, evalInterval: 100 };
    for await (const { step } of trainInFolder({ ...newRun(folder), options: { ...options, evalWindows: 8 } })) {
      if (step === 1) break;
    }
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
