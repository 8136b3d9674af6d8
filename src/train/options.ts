import * as v from 'valibot';
import { ensure } from '../core/errors.ts';
import { type AdamWOptions, defaultAdamW } from './adamw.ts';

export interface TrainOptions extends AdamWOptions {
  /** How many updates to make. */
  steps: number;
  /** Windows of text side by side in one pass. */
  batchSize: number;
  /** Tokens in a window. Defaults to as many as the model sees at once. */
  windowLength?: number | undefined;
  /** Passes whose gradients are averaged into one update: a larger batch than memory would hold. */
  gradientAccumulation: number;
  /** The highest learning rate, reached after `warmupSteps`. */
  learningRate: number;
  /** What the learning rate falls to towards the last step. */
  minLearningRate: number;
  /** Steps over which the learning rate rises from near 0. */
  warmupSteps: number;
  /** Steps between evaluations on validation text. */
  evalInterval: number;
  /** Batches in an evaluation, always the same ones. */
  evalBatches: number;
  /** Gradients whose norm over all parameters is larger are scaled down to it; Infinity leaves them as they are. */
  maxGradNorm: number;
  /** Decides initial weights, the order of the text, and dropout. */
  seed: number;
}

/** What nanoGPT trains small character models with. */
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
  evalBatches: 20,
  seed: 1337,
};

/** Options not given are as in {@link defaultTrainOptions}; the lowest learning rate is a tenth of the highest. */
export function completeTrainOptions(given: Partial<TrainOptions>): TrainOptions {
  const learningRate = given.learningRate ?? defaultTrainOptions.learningRate;
  return { ...defaultTrainOptions, minLearningRate: learningRate / 10, ...given };
}

/** Training options as a checkpoint's JSON holds them. */
export const trainOptionsSchema = v.object({
  betas: v.pipe(v.tuple([v.number(), v.number()]), v.readonly()),
  eps: v.number(),
  weightDecay: v.number(),
  // JSON has no Infinity; null replaces it.
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
  evalBatches: v.number(),
  seed: v.number(),
}) satisfies v.GenericSchema<unknown, TrainOptions>;

/** Throws one clear sentence if training could not run with `options`. */
export function checkTrainOptions(options: TrainOptions): void {
  for (const name of ['steps', 'batchSize', 'gradientAccumulation', 'evalInterval', 'evalBatches'] as const) {
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
    `minLearningRate ${options.minLearningRate} is above learningRate ${options.learningRate}; the rate falls from one to the other`,
  );
  ensure(options.maxGradNorm > 0, `maxGradNorm must be greater than 0, but is ${options.maxGradNorm}`);
  for (const beta of options.betas) ensure(beta >= 0 && beta < 1, `betas must be at least 0 and below 1, not ${beta}`);
  ensure(Number.isSafeInteger(options.seed), `the seed must be a whole number, but is ${options.seed}`);
}
