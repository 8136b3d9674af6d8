/** The part of the training options that decides the learning rate. */
export interface LearningRateSchedule {
  steps: number;
  learningRate: number;
  minLearningRate: number;
  warmupSteps: number;
}

/**
 * The learning rate of a step, counted from 0: a straight rise over the warm-up, then half a cosine wave down to the minimum
 * (Loshchilov and Hutter, 2017).
 */
export function learningRateAt(
  step: number,
  { steps, learningRate, minLearningRate, warmupSteps }: LearningRateSchedule,
): number {
  if (step < warmupSteps) return (learningRate * (step + 1)) / (warmupSteps + 1);
  if (step >= steps) return minLearningRate;
  const progress = (step - warmupSteps) / Math.max(1, steps - warmupSteps);
  return minLearningRate + 0.5 * (1 + Math.cos(Math.PI * progress)) * (learningRate - minLearningRate);
}
