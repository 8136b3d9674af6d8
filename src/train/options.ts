import * as v from 'valibot';
import { describeValue } from '../core/describe-value.ts';
import { ensure } from '../core/errors.ts';
import { ensureCount, ensureNumber } from '../core/kind.ts';
import { knownOptions, type OptionNames } from '../core/options.ts';
import { ensureSeed } from '../random/seed.ts';
import { checkOptimizerOptions } from './optimizers/check-options.ts';
import {
  defaultAdamW,
  type OptimizerName,
  type OptimizerOptions,
  optimizerKinds,
  optimizerNamed,
  optimizerOptionNames,
  optionsOf,
} from './optimizers/index.ts';
import { type ScheduleName, scheduleNamed, schedules } from './schedule.ts';
import { type ReadingOrder, readingOrders } from './text-stream.ts';

/** The options of training on a text. Those of the optimiser depend on `optimizer`: see {@link AdamW}, {@link SGD} and {@link Muon}. */
export interface TrainOptions extends Partial<OptimizerOptions> {
  /** Updates the weights: 'adamw', 'sgd' or 'muon'. */
  optimizer: OptimizerName;
  /** How the learning rate falls after the warm-up: as half a cosine ('cosine'), linearly ('linear'), only at the end ('wsd'), or never ('constant'). */
  schedule: ScheduleName;
  /** The number of steps, at the end, over which the learning rate falls in the schedule 'wsd'. Defaults to a fifth of `steps`. */
  decaySteps?: number | undefined;
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
  /** Training ends after this many evaluations in a row that do not lower the validation loss. Defaults to no such end. */
  patience?: number | undefined;
  /** The number of windows of validation text in an evaluation. They are always the same, whatever the batch size. */
  evalWindows: number;
  /** The norm of all gradients together is clipped to this value. Infinity turns clipping off. */
  maxGradNorm: number;
  /** The order in which the text is learned, see {@link ReadingOrder}. */
  order: ReadingOrder;
  /** Whether attention keeps the documents of a window apart: each token then sees only its own, and positions count from its beginning. */
  separateDocuments: boolean;
  /** The number of batches that are read before they are needed. The batches are the same whatever it is. */
  readAhead: number;
  /** The seed of the initial weights, the random windows and dropout. */
  seed: number;
}

export const trainOptionNames: OptionNames<TrainOptions> = {
  ...({ betas: true, eps: true, weightDecay: true, momentum: true, nesterov: true } as const),
  ...{ optimizer: true, schedule: true, decaySteps: true, patience: true },
  ...{ steps: true, batchSize: true, windowLength: true, gradientAccumulation: true },
  ...{ learningRate: true, minLearningRate: true, warmupSteps: true, maxGradNorm: true },
  ...{ evalInterval: true, evalWindows: true, seed: true },
  ...{ order: true, separateDocuments: true, readAhead: true },
};

/** The options with which nanoGPT trains small character models. */
export const defaultTrainOptions: TrainOptions = {
  optimizer: 'adamw',
  ...defaultAdamW,
  betas: [0.9, 0.99],
  schedule: 'cosine',
  maxGradNorm: 1,
  steps: 2000,
  batchSize: 12,
  gradientAccumulation: 1,
  learningRate: 1e-3,
  minLearningRate: 1e-4,
  warmupSteps: 100,
  evalInterval: 250,
  evalWindows: 240,
  order: 'random',
  separateDocuments: false,
  readAhead: 1,
  seed: 1337,
};

/**
 * Fills in omitted options from {@link defaultTrainOptions}; `minLearningRate` defaults to a tenth of `learningRate`. With another optimiser than
 * AdamW, its options and the learning rate default to those of that optimiser.
 */
export function completeTrainOptions(given: Partial<TrainOptions>): TrainOptions {
  knownOptions('completeTrainOptions', given, trainOptionNames);
  const base = withOptimizer(defaultTrainOptions, given.optimizer);
  const learningRate = given.learningRate ?? base.learningRate;
  ensureNumber('completeTrainOptions', 'learningRate', learningRate);
  return { ...base, minLearningRate: learningRate / 10, ...given };
}

/** `options` for another optimiser: its own options and the learning rates become that optimiser's defaults. */
export function withOptimizer(options: TrainOptions, name: OptimizerName = options.optimizer): TrainOptions {
  if (name === options.optimizer) return options;
  const { learningRate, defaults } = optimizerNamed(name);
  const others = Object.entries(options).filter(([option]) => !(optimizerOptionNames as string[]).includes(option));
  const shared = Object.fromEntries(others) as Omit<TrainOptions, keyof OptimizerOptions>;
  return { ...shared, ...defaults, optimizer: name, learningRate, minLearningRate: learningRate / 10 };
}

function namesOf<Name extends string>(record: Readonly<Record<Name, unknown>>): Name[] {
  return Object.keys(record) as Name[];
}

/** The training options in a checkpoint's JSON file. */
export const trainOptionsSchema = v.pipe(
  v.object({
    // Missing in older files, which know only AdamW and the cosine schedule.
    optimizer: v.optional(v.picklist(namesOf(optimizerKinds)), 'adamw'),
    schedule: v.optional(v.picklist(namesOf(schedules)), 'cosine'),
    betas: v.optional(v.pipe(v.tuple([v.number(), v.number()]), v.readonly())),
    eps: v.optional(v.number()),
    weightDecay: v.optional(v.number()),
    momentum: v.optional(v.number()),
    nesterov: v.optional(v.boolean()),
    decaySteps: v.optional(v.number()),
    patience: v.optional(v.number()),
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
    // Missing in older files.
    order: v.optional(v.picklist(readingOrders), 'random'),
    separateDocuments: v.optional(v.boolean(), false),
    readAhead: v.optional(v.number(), 1),
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
    ensureCount(name, options[name]);
  }
  for (const name of ['windowLength', 'patience', 'decaySteps'] as const) {
    if (options[name] !== undefined) ensureCount(name, options[name]);
  }
  const { order, readAhead } = options;
  ensure(
    readingOrders.includes(order),
    () => `order must be ${readingOrders.join(', ')}, but is ${describeValue(order)}`,
  );
  ensureCount('readAhead', readAhead, 0);
  ensureCount('warmupSteps', options.warmupSteps, 0);
  for (const name of ['learningRate', 'minLearningRate'] as const) {
    const value = options[name];
    ensure(
      Number.isFinite(value) && value >= 0,
      `${name} must be a number of at least 0, but is ${describeValue(value)}`,
    );
  }
  ensure(
    options.minLearningRate <= options.learningRate,
    `minLearningRate must be at most learningRate, ${options.learningRate}, but is ${options.minLearningRate}`,
  );
  ensure(
    typeof options.maxGradNorm === 'number' && options.maxGradNorm > 0,
    `maxGradNorm must be greater than 0, but is ${describeValue(options.maxGradNorm)}`,
  );
  checkOptimizer(options);
  checkSchedule(options);
  ensureSeed(options.seed);
}

function checkOptimizer(options: TrainOptions): void {
  const { optimizer } = options;
  const known = Object.keys(optimizerNamed(optimizer).defaults);
  const other = optimizerOptionNames.find((name) => options[name] !== undefined && !known.includes(name));
  ensure(
    other === undefined,
    `the optimiser ${optimizer} does not take the option ${other}; it takes ${known.join(', ')}`,
  );
  checkOptimizerOptions(optionsOf(optimizer, options));
}

function checkSchedule(options: TrainOptions): void {
  const { schedule, steps, warmupSteps, decaySteps } = options;
  scheduleNamed(schedule, scheduleOptionsOf(options));
  ensure(
    decaySteps === undefined || schedule === 'wsd',
    `decaySteps belongs to the schedule wsd, not to ${schedule}; leave it out or choose wsd`,
  );
  ensure(
    decaySteps === undefined || decaySteps <= steps - warmupSteps,
    `decaySteps must be at most ${Math.max(0, steps - warmupSteps)}, the steps after the warm-up, but is ${decaySteps}`,
  );
}

/** The options of a schedule among those of training. */
export function scheduleOptionsOf({ steps, learningRate, minLearningRate, warmupSteps, decaySteps }: TrainOptions) {
  return { steps, learningRate, minLearningRate, warmupSteps, decaySteps };
}
