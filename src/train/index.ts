export { AdamW, type AdamWOptions, defaultAdamW } from './adamw.ts';
export {
  type CheckpointName,
  type LoadedCheckpoint,
  loadCheckpoint,
  saveCheckpoint,
  trainingRecord,
} from './checkpoint.ts';
export { FlatParameters } from './flat-parameters.ts';
export { type Metrics, readMetrics } from './metrics.ts';
export { checkTrainOptions, defaultTrainOptions, type TrainOptions } from './options.ts';
export { type LearningRateSchedule, learningRateAt } from './schedule.ts';
export { type TrainReport, train } from './train.ts';
export { curveOf, ensureNoRunIn, type FolderReport, type FolderRun, trainInFolder } from './train-in-folder.ts';
export { initialRandom, type StepResult, Trainer, type TrainingText } from './trainer.ts';
