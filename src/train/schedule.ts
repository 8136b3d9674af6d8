import { knownOptions, type OptionNames } from '../core/options.ts';

/** The learning rate of a step; steps count from 0. */
export type LearningRateSchedule = (step: number) => number;

export interface CosineScheduleOptions {
  /** The step at which the rate reaches `minLearningRate`. */
  steps: number;
  /** The highest rate, reached after `warmupSteps`. */
  learningRate: number;
  /** The rate from step `steps` on. */
  minLearningRate: number;
  /** The number of steps over which the rate rises from near 0. */
  warmupSteps: number;
}

const cosineScheduleOptions: OptionNames<CosineScheduleOptions> = {
  ...{ steps: true, learningRate: true, minLearningRate: true, warmupSteps: true },
};

/** Linear warm-up, then cosine decay to the minimum (Loshchilov and Hutter, 2017). */
export function cosineSchedule(options: CosineScheduleOptions): LearningRateSchedule {
  const { steps, learningRate, minLearningRate, warmupSteps } = knownOptions(
    'cosineSchedule',
    options,
    cosineScheduleOptions,
  );
  return (step) => {
    if (step < warmupSteps) return (learningRate * (step + 1)) / (warmupSteps + 1);
    if (step >= steps) return minLearningRate;
    const progress = (step - warmupSteps) / Math.max(1, steps - warmupSteps);
    return minLearningRate + 0.5 * (1 + Math.cos(Math.PI * progress)) * (learningRate - minLearningRate);
  };
}
