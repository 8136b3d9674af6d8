export {
  type CheckpointName,
  type LoadedCheckpoint,
  loadCheckpoint,
  saveCheckpoint,
  trainingRecord,
} from './checkpoint.ts';
export { type Metrics, readMetrics } from './metrics.ts';
export { curveOf, ensureNoRunIn, type FolderReport, type FolderRun, trainInFolder } from './train-in-folder.ts';
