export { type EpochsSize, measureEpochs } from './epochs.ts';
export { type Improvement, type LoopOptions, type TrainReport, trainLoop } from './loop.ts';
export { nextToken } from './next-token.ts';
export type { Objective, Trainable } from './objective.ts';
export {
  AdamW,
  type AdamWOptions,
  type ChooseMatrices,
  clipScale,
  defaultAdamW,
  Muon,
  type MuonOptions,
  type Optimizer,
  type OptimizerName,
  type OptimizerOptions,
  SGD,
  type SGDOptions,
  type UpdateOptions,
} from './optimizers/index.ts';
export {
  checkTrainOptions,
  completeTrainOptions,
  defaultTrainOptions,
  type TrainOptions,
} from './options.ts';
export { initialRandom } from './random-streams.ts';
export {
  type CosineScheduleOptions,
  constantSchedule,
  cosineSchedule,
  type LearningRateSchedule,
  linearSchedule,
  type ScheduleName,
  type WarmupOptions,
  type WsdScheduleOptions,
  wsdSchedule,
} from './schedule.ts';
export {
  type PassSize,
  type ReadingOrder,
  readingOrders,
  type TrainingText,
  type TrainingTokens,
  tokenCount,
  type WeightedSource,
} from './text-stream.ts';
export { textTrainer, train } from './train.ts';
export { type StepGradients, type StepResult, Trainer, type TrainerState } from './trainer.ts';
export type { TrainerOptions } from './trainer-options.ts';
export { type TrainingMemory, trainingMemory } from './training-memory.ts';
