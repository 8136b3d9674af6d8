/** The learning rate of a step, counted from 0. */
export type LearningRateSchedule = (step: number) => number;

export interface CosineScheduleOptions {
  /** The step at which the rate reaches `minLearningRate`. */
  steps: number;
  /** The highest rate, reached after `warmupSteps`. */
  learningRate: number;
  /** The rate at `steps` and after. */
  minLearningRate: number;
  /** Steps over which the rate rises from near 0. */
  warmupSteps: number;
}

/** A straight rise over the warm-up, then half a cosine wave down to the minimum (Loshchilov and Hutter, 2017). */
export function cosineSchedule(options: CosineScheduleOptions): LearningRateSchedule {
  const { steps, learningRate, minLearningRate, warmupSteps } = options;
  return (step) => {
    if (step < warmupSteps) return (learningRate * (step + 1)) / (warmupSteps + 1);
    if (step >= steps) return minLearningRate;
    const progress = (step - warmupSteps) / Math.max(1, steps - warmupSteps);
    return minLearningRate + 0.5 * (1 + Math.cos(Math.PI * progress)) * (learningRate - minLearningRate);
  };
}
