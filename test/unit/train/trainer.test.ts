import { describe, expect, it } from 'vitest';
import { TsgptError } from '../../../src/core/errors.ts';
import type { GPT2 } from '../../../src/models/index.ts';
import { Random } from '../../../src/random/random.ts';
import { crossEntropy, fromArray, type Tensor } from '../../../src/tensor/index.ts';
import { type Batch, type BatchStream, RandomWindows, type Windows } from '../../../src/text/index.ts';
import { AdamW, nextToken, type Objective, Trainer, trainLoop } from '../../../src/train/index.ts';
import { maskedNextToken, QuestionsAndAnswers } from '../../support/own-training.ts';
import { errorOf, tinyModel, tinyText, weightBits } from '../../support/tiny.ts';

const windows = (seed = 1, batchSize = 4) =>
  new RandomWindows(tinyText.train, { batchSize, windowLength: 8 }, new Random(seed));

const optimizerOf = (model: GPT2) => new AdamW(model.namedParameters());

function tensorsOf<Names extends string>(batch: Batch<Names>): Record<Names, Tensor> {
  const entries = Object.entries<Batch[string]>(batch);
  return Object.fromEntries(entries.map(([name, { data, shape }]) => [name, fromArray(data, shape)])) as never;
}

describe('a masked loss', () => {
  const trainerOf = (model: GPT2) =>
    new Trainer({
      model,
      objective: maskedNextToken,
      batches: new QuestionsAndAnswers(8, 1),
      validation: new QuestionsAndAnswers(8, 2),
      evalBatches: 4,
      optimizer: optimizerOf(model),
      learningRate: 1e-2,
      maxGradNorm: 1,
    });

  it('is the mean over what the mask lets through', async () => {
    const model = tinyModel();
    const { tokens, targets, mask } = tensorsOf(new QuestionsAndAnswers(8, 1).next());
    const ignored = (await targets.data()).map((id, i) => (mask.node.feed!([])[i] === 1 ? id : -100));
    const expected = crossEntropy(model.forward(tokens), fromArray(Int32Array.from(ignored), targets.shape));
    const { loss } = await trainerOf(model).gradients();
    expect(loss).toBeCloseTo(await expected.item(), 5);
  });

  it('is learnt, and what it hides is not', async () => {
    const model = tinyModel();
    const trainer = trainerOf(model);
    for await (const _ of trainLoop(trainer, { steps: 150 }));
    expect(await trainer.evaluate()).toBeLessThan(0.1);
    const { tokens, targets, mask } = tensorsOf(new QuestionsAndAnswers(8, 3).next());
    const hidden = { tokens, targets, mask: mask.neg().add(1) };
    // No worse than guessing would be ln 8 = 2.08.
    expect(await maskedNextToken(model, hidden, {}).item()).toBeGreaterThan(2);
  });
});

describe('the two halves of a step', () => {
  /** A share of the rows of every batch. */
  function rowsOf(stream: BatchStream<'tokens' | 'targets'>, from: number, to: number) {
    const cut = ({ data, shape: [, time] }: Windows['tokens']) => ({
      data: data.subarray(from * time!, to * time!),
      shape: [to - from, time!],
    });
    return {
      next: async () => {
        const { tokens, targets } = await stream.next();
        return { tokens: cut(tokens), targets: cut(targets) };
      },
      state: null,
      restore: () => {},
    };
  }

  const trainerOf = (batches: BatchStream<'tokens' | 'targets'>) => {
    const model = tinyModel();
    const optimizer = optimizerOf(model);
    const trainer = new Trainer({
      model,
      objective: nextToken,
      batches,
      optimizer,
      learningRate: 1e-2,
      maxGradNorm: 0.05,
    });
    return { model, trainer };
  };

  it('let two trainers average their gradients, which is one trainer with twice the batch', async () => {
    const whole = trainerOf(windows(1, 8));
    const halves = [trainerOf(rowsOf(windows(1, 8), 0, 4)), trainerOf(rowsOf(windows(1, 8), 4, 8))];
    for (let step = 0; step < 10; step++) {
      const { loss, gradNorm } = await whole.trainer.trainStep();
      const [first, second] = await Promise.all(halves.map(({ trainer }) => trainer.gradients()));
      for (const [path, gradient] of first!.gradients) {
        const other = second!.gradients.get(path)!;
        const mean = gradient.map((x, i) => (x + other[i]!) / 2);
        gradient.set(mean);
        other.set(mean);
      }
      const [applied, same] = [await halves[0]!.trainer.apply(), await halves[1]!.trainer.apply()];
      expect(same).toEqual(applied);
      // Equal but for rounding: in float32 the order of a sum counts, and here halves of it are added up first.
      expect((first!.loss + second!.loss) / 2).toBeCloseTo(loss, 5);
      expect(applied.gradNorm).toBeCloseTo(gradNorm, 5);
    }
    expect(weightBits(halves[0]!.model)).toEqual(weightBits(halves[1]!.model));
    expect(weightBits(halves[0]!.model)).not.toEqual(weightBits(tinyModel()));
  });

  it('are the whole step when they follow each other', async () => {
    const [one, two] = [trainerOf(windows()), trainerOf(windows())];
    for (let step = 0; step < 3; step++) {
      const result = await one.trainer.trainStep();
      const { loss } = await two.trainer.gradients();
      expect({ loss, ...(await two.trainer.apply()) }).toEqual(result);
    }
    expect(weightBits(two.model)).toEqual(weightBits(one.model));
  });

  it('need each other', async () => {
    const { trainer } = trainerOf(windows());
    const error = await errorOf(trainer.apply());
    expect(error).toBeInstanceOf(TsgptError);
    expect(error.message).toBe('apply: there are no new gradients; call gradients() first');
    await trainer.trainStep();
    await expect(trainer.apply()).rejects.toThrow('no new gradients');
  });

  it('need each other again after a failure: half of the new gradients are not applied', async () => {
    const { tokens, targets } = windows().next();
    const batches = [
      { tokens, targets },
      { tokens, targets },
      { tokens, targets },
    ];
    const stream = {
      next: () => batches.shift() ?? Promise.reject(new Error('no more batches')),
      state: null,
      restore: () => {},
    };
    const model = tinyModel();
    const optimizer = optimizerOf(model);
    const options = { model, objective: nextToken, batches: stream, optimizer, learningRate: 1e-2 };
    const trainer = new Trainer({ ...options, gradientAccumulation: 2 });
    await trainer.gradients();
    await expect(trainer.gradients()).rejects.toThrow('no more batches');
    await expect(trainer.apply()).rejects.toThrow('apply: there are no new gradients; call gradients() first');
  });
});

describe('a trainer', () => {
  const options = (model = tinyModel()) => ({
    model,
    objective: nextToken,
    batches: windows(),
    optimizer: optimizerOf(model),
    learningRate: 1e-3,
  });

  it('blames the learning rate for a loss that is not finite only after a step', async () => {
    const infinite: Objective<GPT2> = (model, batch) => model.loss(batch.tokens!, batch.targets!).mul(0).log();
    await expect(new Trainer({ ...options(), objective: infinite }).trainStep()).rejects.toThrow(
      'the loss is -Infinity before the first step; check the objective, the data and the initial weights',
    );
    const trainer = new Trainer({ ...options(), learningRate: 1e30 });
    await trainer.trainStep();
    await expect(trainer.trainStep()).rejects.toThrow(
      /^the loss became \S+ after 1 step, at a learning rate of 1e\+30; lower learningRate or maxGradNorm, or raise warmupSteps$/,
    );
  });

  it('takes the learning rate from a schedule', async () => {
    const trainer = new Trainer({ ...options(), learningRate: (step) => 0.1 / (step + 1) });
    const rates = [await trainer.trainStep(), await trainer.trainStep()].map(({ learningRate }) => learningRate);
    expect(rates).toEqual([0.1, 0.05]);
  });

  it('reports without a validation loss where there is nothing to validate on', async () => {
    const trainer = new Trainer(options());
    const reports = [];
    for await (const report of trainLoop(trainer, { steps: 2 })) reports.push(report);
    expect(reports.map(({ step, validationLoss }) => [step, validationLoss])).toEqual([
      [0, undefined],
      [1, undefined],
      [2, undefined],
    ]);
    await expect(trainer.evaluate()).rejects.toThrow('give the trainer a validation stream');
  });

  it('wants the same arrays in every batch, in whatever order', async () => {
    const { tokens, targets } = windows().next();
    const batches: Batch[] = [{ tokens, targets }, { targets, tokens }, { tokens }];
    const stream = { next: () => batches.shift()!, state: null, restore: () => {} };
    const objective: Objective<GPT2> = (model, batch) => model.loss(batch.tokens!, batch.targets!);
    const trainer = new Trainer({ ...options(), objective, batches: stream });
    const { loss } = await trainer.gradients();
    expect((await trainer.gradients()).loss).toBe(loss);
    await expect(trainer.gradients()).rejects.toThrow(
      'a batch has the arrays tokens, but the first one had tokens, targets',
    );
  });

  it('does not measure on the stream it learns from', () => {
    const stream = windows();
    expect(() => new Trainer({ ...options(), batches: stream, validation: stream })).toThrow('need separate streams');
  });
});

describe('work that must not overlap', () => {
  const trainerOf = (model: GPT2) =>
    new Trainer({
      model,
      objective: nextToken,
      batches: windows(),
      validation: windows(2),
      evalBatches: 2,
      optimizer: optimizerOf(model),
      learningRate: 1e-2,
    });

  it('is refused while the trainer is busy, and does no harm', async () => {
    const model = tinyModel();
    const trainer = trainerOf(model);
    const [first, ...others] = await Promise.allSettled([
      trainer.trainStep(),
      trainer.trainStep(),
      trainer.gradients(),
      trainer.apply(),
      trainer.evaluate(),
      (async () => trainer.restore(trainer.state))(),
    ]);
    expect(first.status).toBe('fulfilled');
    for (const other of others) {
      const { reason } = other as PromiseRejectedResult;
      expect(reason).toBeInstanceOf(TsgptError);
      expect(reason.message).toMatch(/^\w+\(\): this trainer is still busy with trainStep\(\); await that first$/);
    }
    const alone = tinyModel();
    await trainerOf(alone).trainStep();
    expect(weightBits(model)).toEqual(weightBits(alone));
    expect(trainer.step).toBe(1);
  });

  it('may begin again after a failure', async () => {
    const trainer = trainerOf(tinyModel());
    expect((await errorOf(trainer.apply())).message).toContain('there are no new gradients');
    await trainer.gradients();
    await trainer.apply();
    expect(await trainer.evaluate()).toBeGreaterThan(0);
  });
});

describe('a signal', () => {
  /** Windows that come slowly, and a signal that is aborted while the `last` of them is on its way. */
  function slowly(stream: RandomWindows, last: number) {
    const stop = new AbortController();
    let given = 0;
    const slow: BatchStream<'tokens' | 'targets'> = {
      async next() {
        if (++given === last) stop.abort(new Error('stop'));
        await new Promise((resolve) => setTimeout(resolve, 5));
        return stream.next();
      },
      get state() {
        return stream.state;
      },
      restore: (state) => stream.restore(state as never),
    };
    return { slow, signal: stop.signal, given: () => given };
  }

  const trainerOf = (model: GPT2, batches: BatchStream<'tokens' | 'targets'>, validation = windows(2)) =>
    new Trainer({
      ...{ model, batches, validation, objective: nextToken, optimizer: optimizerOf(model), learningRate: 1e-2 },
      ...{ evalBatches: 1000, gradientAccumulation: 4 },
    });

  it('ends a slow evaluation after the batch that is being measured', async () => {
    const { slow, signal, given } = slowly(windows(2), 3);
    const model = tinyModel();
    const trainer = trainerOf(model, windows(), slow as RandomWindows);
    await expect(trainer.evaluate({ signal })).rejects.toThrow('stop');
    expect(given()).toBe(3);
  });

  it('ends a slow step after the batch that is being computed; the step can be made later', async () => {
    const { slow, signal, given } = slowly(windows(), 2);
    const [model, alone] = [tinyModel({ dropRate: 0.2 }), tinyModel({ dropRate: 0.2 })];
    const before = weightBits(model);
    const trainer = trainerOf(model, slow);
    const place = trainer.state;
    await expect(trainer.trainStep({ signal })).rejects.toThrow('stop');
    expect(given()).toBe(2);
    expect([trainer.state, trainer.tokensSeen, weightBits(model)]).toEqual([place, 0, before]);
    expect((await errorOf(trainer.apply())).message).toContain('there are no new gradients');
    await trainer.trainStep();
    await trainerOf(alone, windows()).trainStep();
    expect(weightBits(model)).toEqual(weightBits(alone));
  });

  it('that hurries ends a loop in the middle of a step, without a report of it', async () => {
    const { slow, signal: hurry, given } = slowly(windows(), 6);
    const trainer = trainerOf(tinyModel(), slow, undefined);
    const steps: number[] = [];
    for await (const { step } of trainLoop(trainer, { steps: 100, evalInterval: 1000, hurry })) steps.push(step);
    expect([steps, trainer.step, given()]).toEqual([[0, 1], 1, 6]);
  });
});
