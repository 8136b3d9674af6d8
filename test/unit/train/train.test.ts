import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { TsgptError } from '../../../src/core/errors.ts';
import { loadCheckpoint, trainInFolder } from '../../../src/disk/run/index.ts';
import { splitTrainValidation } from '../../../src/text/index.ts';
import { CharTokenizer } from '../../../src/tokenizer/index.ts';
import {
  checkTrainOptions,
  completeTrainOptions,
  defaultTrainOptions,
  type TrainOptions,
  type TrainReport,
  textTrainer,
  train,
} from '../../../src/train/index.ts';
import { trainOptionsSchema } from '../../../src/train/options.ts';
import {
  errorOf,
  measured,
  temporaryFolder,
  tinyModel,
  tinyOptions,
  tinyText,
  weightBits,
} from '../../support/tiny.ts';
import { newRun, resumedRun } from '../../support/tiny-run.ts';

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}

describe('train', () => {
  it('learns a text that repeats itself', async () => {
    const text = 'the cat sat on the mat, and ';
    const tokenizer = CharTokenizer.fromText(text);
    const ids = splitTrainValidation(Uint16Array.from(tokenizer.encode(text.repeat(30))));
    const model = tinyModel({ vocabSize: tokenizer.vocabSize, nLayers: 2 });
    const reports = await all(train(model, ids, { ...tinyOptions, steps: 150, evalInterval: 50 }));

    // At first every character is as likely as any other.
    expect(Math.abs(reports[0]!.validationLoss! - Math.log(tokenizer.vocabSize))).toBeLessThan(0.1);
    expect(Math.abs(reports[1]!.loss! - Math.log(tokenizer.vocabSize))).toBeLessThan(0.1);
    expect(reports.at(-1)!.loss).toBeLessThan(0.5);
    expect(reports.at(-1)!.validationLoss).toBeLessThan(0.5);
  });

  it('reports every step, and evaluates before the first, at every interval and after the last', async () => {
    const reports = await all(train(tinyModel(), tinyText, { ...tinyOptions, steps: 7, evalInterval: 3 }));
    expect(reports.map(({ step }) => step)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    const evaluated = reports.filter(({ validationLoss }) => validationLoss !== undefined);
    expect(evaluated.map(({ step }) => step)).toEqual([0, 3, 6, 7]);
    for (const { steps, loss, gradNorm, learningRate, tokensPerSecond, secondsLeft } of reports.slice(1)) {
      expect(steps).toBe(7);
      for (const value of [loss, gradNorm, learningRate, tokensPerSecond]) expect(value).toBeGreaterThan(0);
      expect(secondsLeft).toBeGreaterThanOrEqual(0);
    }
  });

  it('needs of a model only a loss and parameters', async () => {
    const model = tinyModel();
    const trainable = { namedParameters: () => model.namedParameters(), loss: model.loss.bind(model) };
    const run = (options: Partial<TrainOptions>) => all(train(trainable, tinyText, { ...tinyOptions, ...options }));
    const reports = await run({ steps: 3, windowLength: 8 });
    expect(reports.map(measured)).toEqual(
      (await all(train(tinyModel(), tinyText, { ...tinyOptions, steps: 3 }))).map(measured),
    );
    const shorter = await run({ steps: 3, windowLength: 4 });
    expect(shorter.map(({ loss }) => loss)).not.toEqual(reports.map(({ loss }) => loss));
    expect((await errorOf(run({}))).message).toContain('give a windowLength');
  });

  it('ends when the signal says so', async () => {
    const controller = new AbortController();
    const steps: number[] = [];
    for await (const { step } of train(tinyModel(), tinyText, { ...tinyOptions, signal: controller.signal })) {
      steps.push(step);
      if (step === 3) controller.abort();
    }
    expect(steps).toEqual([0, 1, 2, 3]);
  });

  it('needs windows of text to train on and to evaluate', async () => {
    const { train: long, validation } = tinyText;
    const run = (text: typeof tinyText) => errorOf(all(train(tinyModel(), text, tinyOptions)));
    for (const [error, name] of [
      [await run({ train: long.subarray(0, 8), validation }), 'training text has 8 tokens'],
      [await run({ train: long, validation: validation.subarray(0, 8) }), 'validation text has 8 tokens'],
    ] as const) {
      expect(error).toBeInstanceOf(TsgptError);
      expect(error.message).toContain(name);
      expect(error.message).toContain('needs at least 9');
    }
  });
});

describe('gradient accumulation', () => {
  it('of two batches of 4 is one batch of 8', async () => {
    const run = async (batchSize: number, gradientAccumulation: number) => {
      const model = tinyModel();
      const options = { ...tinyOptions, batchSize, gradientAccumulation, maxGradNorm: 0.05, steps: 5 };
      const trainer = textTrainer(model, tinyText, options);
      const results = [];
      for (let i = 0; i < 5; i++) results.push(await trainer.trainStep());
      return { results, weights: model.parameters().flatMap(({ value }) => [...value]) };
    };
    // The same seed draws the same eight windows.
    const [one, two] = [await run(8, 1), await run(4, 2)];
    for (const [i, { loss, gradNorm }] of one.results.entries()) {
      expect(two.results[i]!.loss).toBeCloseTo(loss, 4);
      expect(two.results[i]!.gradNorm).toBeCloseTo(gradNorm, 4);
    }
    const differences = one.weights.map((x, i) => Math.abs(x - two.weights[i]!));
    expect(Math.max(...differences)).toBeLessThan(1e-3);
    expect(one.results[4]!.loss).not.toBe(one.results[0]!.loss);
  });
});

describe('evaluation', () => {
  it('takes the same windows every time, and leaves training as it was', async () => {
    const trainer = textTrainer(tinyModel({ dropRate: 0.2 }), tinyText, tinyOptions);
    await trainer.trainStep();
    const { state } = trainer;
    const losses = [await trainer.evaluate(), await trainer.evaluate()];
    expect(losses[1]).toBe(losses[0]);
    expect(trainer.state).toEqual(state);
    await trainer.trainStep();
    expect(await trainer.evaluate()).not.toBe(losses[0]);
  });

  it('is without dropout', async () => {
    const loss = (dropRate: number) => textTrainer(tinyModel({ dropRate }), tinyText, tinyOptions).evaluate();
    expect(await loss(0.5)).toBe(await loss(0));
    const step = (dropRate: number) => textTrainer(tinyModel({ dropRate }), tinyText, tinyOptions).trainStep();
    expect((await step(0.5)).loss).not.toBe((await step(0)).loss);
  });
});

describe('training that diverges', () => {
  const hopeless = { learningRate: 1e30, warmupSteps: 0 };

  it.each([
    ['is noticed by the training loss', 100],
    ['is noticed by the validation loss', 1],
  ])('%s, and the checkpoint from before stays', async (_, evalInterval) => {
    const folder = temporaryFolder();
    for await (const { step } of trainInFolder(newRun(folder))) if (step === 5) break;
    const before = readFileSync(join(folder, 'last.json'), 'utf8');
    const { model } = await loadCheckpoint(folder, 'last');

    const run = await resumedRun(folder);
    const error = await errorOf(all(trainInFolder({ ...run, options: { ...run.options, ...hopeless, evalInterval } })));
    expect(error).toBeInstanceOf(TsgptError);
    expect(error.message).toMatch(
      /^the (validation )?loss became .*, at a learning rate of \d\.\d+e\+29; \S+ keeps the checkpoint of step 5; resume it with a lower learningRate or maxGradNorm, or start again with more warmupSteps$/,
    );
    expect(readFileSync(join(folder, 'last.json'), 'utf8')).toBe(before);
    expect(weightBits((await loadCheckpoint(folder, 'last')).model)).toEqual(weightBits(model));
  });

  it('is noticed by the gradient', async () => {
    const model = tinyModel({ tiedHead: false });
    // Logits and loss are large, but the squares of the gradients are larger than any float32.
    const { head } = model;
    head!.weight.value = head!.weight.value.map((x) => x * 1e24);
    const error = await errorOf(textTrainer(model, tinyText, tinyOptions).trainStep());
    expect(error).toBeInstanceOf(TsgptError);
    expect(error.message).toBe(
      "the gradient's norm is Infinity before the first step; check the objective, the data and the initial weights",
    );
  });
});

describe('the validation windows', () => {
  it('are the same whatever the batch size', async () => {
    const losses: number[] = [];
    for (const batchSize of [1, 3, 4, 5, 7, 12, 24, 100]) {
      const options = { ...tinyOptions, batchSize, evalWindows: 24 };
      losses.push(await textTrainer(tinyModel(), tinyText, options).evaluate());
    }
    for (const loss of losses) expect(loss).toBeCloseTo(losses[0]!, 6);
    const others = await textTrainer(tinyModel(), tinyText, { ...tinyOptions, evalWindows: 12 }).evaluate();
    expect(Math.abs(others - losses[0]!)).toBeGreaterThan(1e-4);
  });

  it('of an older checkpoint are as many as its batches held', () => {
    const { evalWindows: _, ...older } = { ...tinyOptions, batchSize: 6, evalBatches: 20 };
    const { maxGradNorm, ...read } = v.parse(trainOptionsSchema, older);
    expect(read).toMatchObject({ batchSize: 6, evalWindows: 120 });
    expect(read).not.toHaveProperty('evalBatches');
    expect(v.parse(trainOptionsSchema, { ...read, maxGradNorm })).toEqual({ ...read, maxGradNorm });
  });
});

describe('the options of another optimizer', () => {
  it('default to its own, and to a learning rate that suits it', () => {
    const sgd = completeTrainOptions({ optimizer: 'sgd', steps: 7 });
    expect(sgd).toMatchObject({
      momentum: 0.9,
      nesterov: false,
      weightDecay: 0,
      learningRate: 0.1,
      minLearningRate: 0.01,
      steps: 7,
    });
    expect(sgd).not.toHaveProperty('betas');
    expect(completeTrainOptions({ optimizer: 'muon', momentum: 0.9 })).toMatchObject({
      momentum: 0.9,
      nesterov: true,
      weightDecay: 0.1,
    });
    expect(completeTrainOptions({})).toEqual(defaultTrainOptions);
  });

  it('are trained with by train()', async () => {
    for (const optimizer of ['sgd', 'muon'] as const) {
      let last: TrainReport | undefined;
      for await (const report of train(tinyModel(), tinyText, {
        optimizer,
        steps: 3,
        evalWindows: 4,
        schedule: 'wsd',
        decaySteps: 1,
        warmupSteps: 0,
      }))
        last = report;
      expect(last).toMatchObject({ step: 3, validationLoss: expect.any(Number) });
    }
  });
});

describe('options', () => {
  it.each<[Partial<Record<keyof TrainOptions, unknown>>, string]>([
    [{ steps: 0 }, 'steps must be a whole number of at least 1, but is 0'],
    [{ batchSize: 1.5 }, 'batchSize must be a whole number of at least 1, but is 1.5'],
    [{ gradientAccumulation: -1 }, 'gradientAccumulation must be a whole number'],
    [{ evalInterval: Number.NaN }, 'evalInterval must be a whole number'],
    [{ evalWindows: 0 }, 'evalWindows must be a whole number'],
    [{ warmupSteps: -1 }, 'warmupSteps must be a whole number of at least 0, but is -1'],
    [{ learningRate: -1 }, 'learningRate must be a number of at least 0, but is -1'],
    [{ minLearningRate: Number.POSITIVE_INFINITY }, 'minLearningRate must be a number'],
    [{ weightDecay: Number.NaN }, 'weightDecay must be a number of at least 0, but is NaN'],
    [{ maxGradNorm: 0 }, 'maxGradNorm must be greater than 0, but is 0'],
    [{ betas: [0.9, 1] }, 'betas must be at least 0 and below 1, not 1'],
    [{ momentum: 0.9 }, 'the optimiser adamw does not take the option momentum; it takes betas, eps, weightDecay'],
    [
      { optimizer: 'sgd' },
      'the optimiser sgd does not take the option betas; it takes momentum, nesterov, weightDecay',
    ],
    [{ optimizer: 'muon', momentum: 1 }, 'momentum must be at least 0 and below 1, but is 1'],
    [{ optimizer: 'adam' }, "there is no optimiser 'adam'; did you mean adamw?"],
    [{ schedule: 'line' }, "there is no schedule 'line'; did you mean linear?"],
    [{ decaySteps: 5 }, 'decaySteps belongs to the schedule wsd, not to cosine'],
    [{ schedule: 'wsd', decaySteps: 11 }, 'decaySteps must be at most 10, the steps after the warm-up, but is 11'],
    [{ patience: 0 }, 'patience must be a whole number of at least 1, but is 0'],
    [{ seed: 0.5 }, 'seed must be a whole number from -(2^53 - 1) to 2^53 - 1, but is 0.5'],
  ])('%j are refused', (changes, message) => {
    const options = { ...tinyOptions, ...changes } as TrainOptions;
    expect(() => checkTrainOptions(options)).toThrow(TsgptError);
    expect(() => checkTrainOptions(options)).toThrow(message);
    expect(() => textTrainer(tinyModel(), tinyText, options)).toThrow(message);
  });
});
