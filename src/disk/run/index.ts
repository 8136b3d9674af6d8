export type { CheckpointName, TextReading, TrainingRecord } from './checkpoint-file.ts';
export {
  type LoadedCheckpoint,
  loadCheckpoint,
  type OpenCheckpoint,
  openCheckpoint,
} from './load-checkpoint.ts';
export { type Metrics, readMetrics } from './metrics.ts';
export { textTrainingRecord } from './resume.ts';
export { curveOf, type FolderReport, holdsRun, runInFolder } from './run-in-folder.ts';
export type { RunOptions } from './run-options.ts';
export { type CheckpointModel, type CheckpointToSave, saveCheckpoint } from './save-checkpoint.ts';
export { type FolderRun, trainInFolder } from './train-in-folder.ts';
