import { describe, expect, it } from 'vitest';
import { Random } from '../../../src/random/random.ts';
import { RandomWindows } from '../../../src/text/index.ts';
import { AdamW, Trainer, trainLoop } from '../../../src/train/index.ts';
import { nextToken } from '../../../src/train/next-token.ts';
import { errorOf, tinyModel, tinyText } from '../../support/tiny.ts';

const windows = () => new RandomWindows(tinyText.train, { batchSize: 2, windowLength: 8 }, new Random(1));

/** A trainer whose evaluations give these losses, one after the other. */
function trainerWith(losses: readonly number[]) {
  const model = tinyModel();
  const trainer = new Trainer({
    model,
    objective: nextToken,
    batches: windows(),
    validation: windows(),
    optimizer: new AdamW(model.namedParameters()),
    learningRate: 1e-3,
  });
  let next = 0;
  trainer.evaluate = async () => losses[next++] ?? Number.NaN;
  return trainer;
}

/** The steps that were reported, and what the last report says. */
async function run(losses: readonly number[], options: Partial<Parameters<typeof trainLoop>[1]> = {}) {
  const reports = [];
  for await (const report of trainLoop(trainerWith(losses), { steps: 20, evalInterval: 2, ...options })) {
    reports.push(report);
  }
  const { step, outOfPatience, lastImprovement } = reports.at(-1)!;
  return { step, outOfPatience, lastImprovement };
}

describe('the patience of a loop', () => {
  it('ends after so many evaluations without an improvement', async () => {
    const losses = [5, 4, 4.5, 3, 3, 3.5, 2, 1, 0, 0, 0];
    const steps = async (patience: number) => (await run(losses, { patience })).step;
    expect([await steps(1), await steps(2), await steps(3)]).toEqual([4, 10, 20]);
    expect(await run(losses, { patience: 2 })).toEqual({
      step: 10,
      outOfPatience: true,
      lastImprovement: { step: 6, validationLoss: 3 },
    });
  });

  it('has no end unless one is asked for', async () => {
    const losses = Array.from({ length: 11 }, (_, i) => i);
    expect(await run(losses)).toEqual({
      step: 20,
      outOfPatience: undefined,
      lastImprovement: { step: 0, validationLoss: 0 },
    });
  });

  it('counts only evaluations at the interval, and goes on from an earlier loop', async () => {
    const controller = new AbortController();
    const trainer = trainerWith([5, 4, 1, 4.5, 4.25, 3]);
    const options = { steps: 20, evalInterval: 2, patience: 2 };
    let lastImprovement: Awaited<ReturnType<typeof run>>['lastImprovement'];
    for await (const report of trainLoop(trainer, { ...options, signal: controller.signal })) {
      if (report.step === 3) controller.abort(); // the weights of step 3 are evaluated: 1
      lastImprovement = report.lastImprovement ?? lastImprovement;
    }
    expect([trainer.step, lastImprovement]).toEqual([3, { step: 2, validationLoss: 4 }]);
    const steps = [];
    for await (const { step } of trainLoop(trainer, { ...options, lastImprovement })) steps.push(step);
    expect(steps).toEqual([4, 5, 6]); // 4.5 and 4.25
  });

  it('needs validation data, and a whole number', async () => {
    const model = tinyModel();
    const optimizer = new AdamW(model.namedParameters());
    const trainer = new Trainer({ model, objective: nextToken, batches: windows(), optimizer, learningRate: 1 });
    const error = await errorOf(trainLoop(trainer, { steps: 3, patience: 1 }).next());
    expect(error.message).toBe('patience needs validation data; give the trainer some');
    const other = await errorOf(trainLoop(trainerWith([]), { steps: 3, patience: 0.5 }).next());
    expect(other.message).toBe('patience must be a whole number of at least 1, but is 0.5');
  });
});
