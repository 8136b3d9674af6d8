import type { OptionNames } from '../core/options.ts';
import type { BatchStream } from '../text/index.ts';
import type { Objective } from './objective.ts';
import type { Optimizer } from './optimizers/index.ts';
import type { LearningRateSchedule } from './schedule.ts';

export interface TrainerOptions<Model, Names extends string> {
  model: Model;
  /** Computes the loss of a batch, which training minimises. */
  objective: Objective<Model, Names>;
  /** The training data. */
  batches: BatchStream<Names>;
  /** Updates the parameters, as in `new AdamW(model.namedParameters())`. Other parameters do not change. */
  optimizer: Optimizer;
  /** A number, or a schedule such as {@link cosineSchedule}. */
  learningRate: number | LearningRateSchedule;
  /** The number of batches whose gradients are averaged in a step, to train with more data per step than fits in memory. Defaults to 1. */
  gradientAccumulation?: number;
  /** The norm of all gradients together is clipped to this value. Defaults to Infinity, which turns clipping off. */
  maxGradNorm?: number;
  /** The validation data. Every evaluation starts at the current position of this stream. Defaults to none. */
  validation?: BatchStream<Names>;
  /** The number of batches in an evaluation. Defaults to 20. */
  evalBatches?: number;
  /** The seed of dropout. Defaults to 1337. */
  seed?: number;
}

export const trainerOptionNames: OptionNames<TrainerOptions<unknown, string>> = {
  ...{ model: true, objective: true, batches: true, optimizer: true, learningRate: true, seed: true },
  ...{ gradientAccumulation: true, maxGradNorm: true, validation: true, evalBatches: true },
};
