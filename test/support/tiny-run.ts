import { type FolderRun, loadCheckpoint, textTrainingRecord } from '../../src/disk/run/index.ts';
import type { TrainingText, TrainOptions } from '../../src/train/index.ts';
import { tinyModel, tinyOptions, tinyText, tinyTokenizer } from './tiny.ts';

/** Hard to resume: with dropout, and with two passes in every step. */
const options: TrainOptions = { ...tinyOptions, gradientAccumulation: 2 };

export function newRun(folder: string, changes: Partial<TrainOptions> = {}): FolderRun {
  return {
    folder,
    model: tinyModel({ dropRate: 0.2 }, changes.seed),
    tokenizer: tinyTokenizer,
    text: tinyText,
    textPath: 'letters',
    options: { ...options, ...changes },
  };
}

/** The run in `folder`, to go on with from its last checkpoint; its options are the ones saved there. */
export async function resumedRun(folder: string, text: TrainingText = tinyText): Promise<FolderRun> {
  const resumeFrom = await loadCheckpoint(folder, 'last');
  const { model, tokenizer } = resumeFrom;
  const { options } = textTrainingRecord(resumeFrom);
  return { folder, model, tokenizer, text, textPath: 'letters', options, resumeFrom };
}
