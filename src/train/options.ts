import * as v from 'valibot';
import { ensure } from '../core/errors.ts';
import { knownOptions, type OptionNames } from '../core/options.ts';
import { ensureSeed } from '../random/seed.ts';
import { type AdamWOptions, adamWOptionNames, defaultAdamW } from './adamw.ts';

export interface TrainOptions extends AdamWOptions {
  /** The number of updates. */
  steps: number;
  /** The number of windows of text in a batch. */
  batchSize: number;
  /** Tokens in a window. Defaults to the model's contextLength. */
  windowLength?: number | undefined;
  /** The number of batches whose gradients are averaged into one update, to train with more data per update than fits in memory. */
  gradientAccumulation: number;
  /** The highest learning rate, reached after `warmupSteps`. */
  learningRate: number;
  /** The learning rate at the end of training. */
  minLearningRate: number;
  /** The number of steps over which the learning rate rises from near 0. */
  warmupSteps: number;
  /** The number of steps between evaluations on the validation text. */
  evalInterval: number;
  /** The number of windows of validation text in an evaluation. They are always the same, whatever the batch size. */
  evalWindows: number;
  /** The norm of all gradients together is clipped to this value. Infinity turns clipping off. */
  maxGradNorm: number;
  /** The seed of the initial weights, the random windows and dropout. */
  seed: number;
}

export const trainOptionNames: OptionNames<TrainOptions> = {
  ...adamWOptionNames,
  ...{ steps: true, batchSize: true, windowLength: true, gradientAccumulation: true },
  ...{ learningRate: true, minLearningRate: true, warmupSteps: true, maxGradNorm: true },
  ...{ evalInterval: true, evalWindows: true, seed: true },
};

/** The options with which nanoGPT trains small character models. */
export const defaultTrainOptions: TrainOptions = {
  ...defaultAdamW,
  betas: [0.9, 0.99],
  maxGradNorm: 1,
  steps: 2000,
  batchSize: 12,
  gradientAccumulation: 1,
  learningRate: 1e-3,
  minLearningRate: 1e-4,
  warmupSteps: 100,
  evalInterval: 250,
  evalWindows: 240,
  seed: 1337,
};

/** Fills in omitted options from {@link defaultTrainOptions}; `minLearningRate` defaults to a tenth of `learningRate`. */
export function completeTrainOptions(given: Partial<TrainOptions>): TrainOptions {
  knownOptions('completeTrainOptions', given, trainOptionNames);
  const learningRate = given.learningRate ?? defaultTrainOptions.learningRate;
  return { ...defaultTrainOptions, minLearningRate: learningRate / 10, ...given };
}

/** The training options in a checkpoint's JSON file. */
export const trainOptionsSchema = v.pipe(
  v.object({
    betas: v.pipe(v.tuple([v.number(), v.number()]), v.readonly()),
    eps: v.number(),
    weightDecay: v.number(),
    // JSON has no Infinity, so null stands for it.
    maxGradNorm: v.pipe(
      v.nullable(v.number()),
      v.transform((norm) => norm ?? Number.POSITIVE_INFINITY),
    ),
    steps: v.number(),
    batchSize: v.number(),
    windowLength: v.optional(v.number()),
    gradientAccumulation: v.number(),
    learningRate: v.number(),
    minLearningRate: v.number(),
    warmupSteps: v.number(),
    evalInterval: v.number(),
    evalWindows: v.optional(v.number()),
    // In older files: the number of batches of `batchSize` windows.
    evalBatches: v.optional(v.number()),
    seed: v.number(),
  }),
  v.transform(({ evalBatches = 20, evalWindows, ...options }) => ({
    ...options,
    evalWindows: evalWindows ?? evalBatches * options.batchSize,
  })),
) satisfies v.GenericSchema<unknown, TrainOptions>;

/** Throws a TsgptError if `options` are invalid. */
export function checkTrainOptions(options: TrainOptions): void {
  knownOptions('checkTrainOptions', options, trainOptionNames);
  for (const name of ['steps', 'batchSize', 'gradientAccumulation', 'evalInterval', 'evalWindows'] as const) {
    const value = options[name];
    ensure(Number.isSafeInteger(value) && value > 0, `${name} must be a whole number of at least 1, but is ${value}`);
  }
  const { windowLength } = options;
  ensure(
    windowLength === undefined || (Number.isSafeInteger(windowLength) && windowLength > 0),
    `windowLength must be a whole number of at least 1, but is ${windowLength}`,
  );
  ensure(
    Number.isSafeInteger(options.warmupSteps) && options.warmupSteps >= 0,
    `warmupSteps must be a whole number of at least 0, but is ${options.warmupSteps}`,
  );
  for (const name of ['learningRate', 'minLearningRate', 'weightDecay', 'eps'] as const) {
    const value = options[name];
    ensure(Number.isFinite(value) && value >= 0, `${name} must be a number of at least 0, but is ${value}`);
  }
  ensure(
    options.minLearningRate <= options.learningRate,
    `minLearningRate must be at most learningRate, ${options.learningRate}, but is ${options.minLearningRate}`,
  );
  ensure(options.maxGradNorm > 0, `maxGradNorm must be greater than 0, but is ${options.maxGradNorm}`);
  for (const beta of options.betas) ensure(beta >= 0 && beta < 1, `betas must be at least 0 and below 1, not ${beta}`);
  ensureSeed(options.seed);
}
