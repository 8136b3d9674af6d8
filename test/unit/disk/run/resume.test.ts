import { execFileSync } from 'node:child_process';
import { appendFileSync, cpSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { TsgptError } from '../../../../src/core/errors.ts';
import { loadCheckpoint, trainInFolder } from '../../../../src/disk/run/index.ts';
import type { TrainReport } from '../../../../src/train/index.ts';
import {
  errorOf,
  measured,
  randomLetters,
  readLog,
  temporaryFolder,
  tinyText,
  weightBits,
} from '../../../support/tiny.ts';
import { newRun, resumedRun } from '../../../support/tiny-run.ts';

/** Goes on to the end and returns what was measured, and the weights. */
async function finish(run: ReturnType<typeof newRun>): Promise<{ reports: unknown[]; weights: object }> {
  const reports: unknown[] = [];
  for await (const report of trainInFolder(run)) reports.push(measured(report));
  return { reports, weights: weightBits(run.model) };
}

/** Trains for `steps` and then leaves the loop early. */
async function leaveAfter(steps: number, run: ReturnType<typeof newRun>): Promise<void> {
  for await (const { step } of trainInFolder(run)) if (step === steps) break;
}

async function abortAfter(steps: number, run: ReturnType<typeof newRun>): Promise<void> {
  const controller = new AbortController();
  for await (const { step } of trainInFolder({ ...run, signal: controller.signal })) {
    if (step === steps) controller.abort();
  }
}

describe('a run stopped and resumed', () => {
  it.each([
    ['by leaving the loop', leaveAfter],
    ['by a signal', abortAfter],
  ])('%s is bit for bit the run that never stopped', async (_, stop) => {
    const whole = temporaryFolder();
    const { reports, weights } = await finish(newRun(whole));
    expect(reports.map((report) => (report as TrainReport).step)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
    const validationSteps = readLog(whole).filter(({ validationLoss }) => validationLoss !== undefined);
    expect(validationSteps.map(({ step }) => step)).toEqual([0, 4, 8, 12]);

    // Before the first step, at an evaluation, and between two.
    for (const step of [0, 4, 7]) {
      const folder = temporaryFolder();
      await stop(step, newRun(folder));
      const rest = await finish(await resumedRun(folder));
      expect(rest.reports.filter((report) => (report as TrainReport).step > step)).toEqual(reports.slice(step + 1));
      expect(rest.weights).toEqual(weights);
      // A signal has the last weights measured, too.
      const log = readLog(folder).map(measured);
      const extra = stop === abortAfter && step === 7 ? { validationLoss: expect.any(Number) } : {};
      expect(log).toEqual(readLog(whole).map((entry) => ({ ...measured(entry), ...(entry.step === step && extra) })));
      expect(readFileSync(join(folder, 'loss.svg'), 'utf8')).toMatch(/^<svg /);
    }
  });

  it('may be stopped and resumed again and again', async () => {
    const { reports, weights } = await finish(newRun(temporaryFolder()));
    const folder = temporaryFolder();
    await leaveAfter(2, newRun(folder));
    for (const step of [3, 5, 9]) await leaveAfter(step, await resumedRun(folder));
    expect((await finish(await resumedRun(folder))).weights).toEqual(weights);
    expect(readLog(folder).map(measured)).toEqual(JSON.parse(JSON.stringify(reports)));
  });

  it('is the same in a new process', async () => {
    const { reports, weights } = await finish(newRun(temporaryFolder()));
    const folder = temporaryFolder();
    await leaveAfter(6, newRun(folder));
    const script = fileURLToPath(new URL('../../../support/resume-process.ts', import.meta.url));
    execFileSync(process.execPath, ['--import', 'tsx', script, folder]);
    expect(readLog(folder).map(measured)).toEqual(JSON.parse(JSON.stringify(reports)));
    expect(weightBits((await loadCheckpoint(folder, 'last')).model)).toEqual(weights);
  });

  it('drops what its log says of later steps, and half a line', async () => {
    const folder = temporaryFolder();
    await leaveAfter(5, newRun(folder));
    const before = readLog(folder).map(measured);
    appendFileSync(join(folder, 'metrics.jsonl'), '{"step":6,"loss":99}\n{"step":7,"loss":99}\n{"step":8,"lo');
    await leaveAfter(6, await resumedRun(folder));
    const after = readLog(folder).map(measured);
    expect(after.slice(0, -1)).toEqual(before);
    expect(after.map(({ step }) => step)).toEqual([0, 1, 2, 3, 4, 5, 6]);
    expect(after.at(-1)!.loss).toBeLessThan(99);
  });

  it('has its log back even if the file is gone', async () => {
    const folder = temporaryFolder();
    await leaveAfter(5, newRun(folder));
    writeFileSync(join(folder, 'metrics.jsonl'), 'nothing of ours\n[]\nnull\n3\n');
    await leaveAfter(6, await resumedRun(folder));
    expect(readLog(folder).map(({ step }) => step)).toEqual([6]);
  });

  it('that clips no gradient can be resumed too', async () => {
    const options = { maxGradNorm: Number.POSITIVE_INFINITY };
    const { weights } = await finish(newRun(temporaryFolder(), options));
    const folder = temporaryFolder();
    await leaveAfter(3, newRun(folder, options));
    expect((await finish(await resumedRun(folder))).weights).toEqual(weights);
  });

  it('says so once it is finished, and leaves it as it is', async () => {
    const folder = temporaryFolder();
    const { weights } = await finish(newRun(folder));
    await expect(finish(await resumedRun(folder))).rejects.toThrow('ask for more steps to continue');
    expect(weightBits((await loadCheckpoint(folder, 'last')).model)).toEqual(weights);
  });

  it('needs the same text, cut at the same place', async () => {
    const folder = temporaryFolder();
    await leaveAfter(3, newRun(folder));
    const { train, validation } = tinyText;
    const both = Uint16Array.from([...train, ...validation]);
    const cutElsewhere = { train: both.subarray(0, 500), validation: both.subarray(500) };
    const texts = [
      { train: randomLetters(train.length, 3), validation },
      { train, validation: randomLetters(validation.length, 3) },
      { train: train.subarray(1), validation },
      cutElsewhere,
    ];
    for (const text of texts) {
      const error = await errorOf(finish({ ...(await resumedRun(folder)), text }));
      expect(error).toBeInstanceOf(TsgptError);
      expect(error.message).toContain('the text letters is not the one this run was trained on');
    }
  });

  it('cannot go on from the best checkpoint, which has no moments', async () => {
    const folder = temporaryFolder();
    await leaveAfter(4, newRun(folder));
    const resumeFrom = await loadCheckpoint(join(folder, 'best.json'));
    const error = await errorOf(finish({ ...newRun(folder), model: resumeFrom.model, resumeFrom }));
    expect(error).toBeInstanceOf(TsgptError);
    expect(error.message).toContain("resume from a folder's last.json");
  });
});

describe('a run of an earlier version, whose seeds gave other random numbers', () => {
  it('goes on with the batches and the dropout that were to come', async () => {
    const folder = temporaryFolder();
    cpSync(new URL('../../../support/fixtures/earlier-run', import.meta.url), folder, { recursive: true });
    const ids = Uint16Array.from({ length: 400 }, (_, i) => (i * i * 7 + (i % 13) * 5 + (i >> 3)) % 8);
    const text = { train: ids.subarray(0, 320), validation: ids.subarray(320) };
    const { reports } = await finish({ ...(await resumedRun(folder)), text });
    // What the earlier version measured when it resumed this checkpoint.
    const expected = [
      [5, 2.030569911003113, 0.9098869465592488],
      [6, 1.9675134420394897, 1.0441227647000946],
      [7, 2.0137358903884888, 1.3640054784787814],
      [8, 2.034541130065918, 1.4818788923697512],
    ];
    expect(reports).toHaveLength(expected.length);
    (reports as Required<TrainReport>[]).forEach(({ step, loss, gradNorm }, i) => {
      expect(step).toBe(expected[i]![0]);
      expect(loss).toBeCloseTo(expected[i]![1]!, 5);
      expect(gradNorm).toBeCloseTo(expected[i]![2]!, 4);
    });
  });
});

describe('the seed', () => {
  it('decides everything', async () => {
    const run = async (seed: number) => (await finish(newRun(temporaryFolder(), { seed }))).weights;
    const [first, second, other] = [await run(1), await run(1), await run(2)];
    expect(second).toEqual(first);
    expect(other).not.toEqual(first);
  });
});

describe('a signal', () => {
  it('that came before the start leaves no checkpoint', async () => {
    const folder = temporaryFolder();
    const { reports } = await finish({ ...newRun(folder), signal: AbortSignal.abort() });
    expect(reports).toEqual([]);
    expect(existsSync(join(folder, 'last.json'))).toBe(false);
  });
});
