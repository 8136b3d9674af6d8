import { isDeepStrictEqual } from 'node:util';
import { ensure } from '../../core/errors.ts';
import { ensureKind, ensureString } from '../../core/kind.ts';
import { knownOptions, type OptionNames } from '../../core/options.ts';
import {
  completeTrainOptions,
  type Trainable,
  type TrainingText,
  type TrainOptions,
  textTrainer,
  tokenCount,
} from '../../train/index.ts';
import type { MixtureRecord, TextReading } from './checkpoint-file.ts';
import { textTrainingRecord } from './resume.ts';
import { type FolderReport, runInFolder } from './run-in-folder.ts';
import { type RunOptions, runOptionNames } from './run-options.ts';
import { textChecksum } from './text-checksum.ts';

export interface FolderRun extends Omit<RunOptions, 'steps' | 'evalInterval' | 'record' | 'remeasureBest'> {
  model: RunOptions['model'] & Trainable;
  text: TrainingText;
  /** The path of the text, kept for resuming the run. Defaults to ''. */
  textPath?: string;
  /** Of a mixture of texts, where each is, kept as well. Defaults to none. */
  mixture?: MixtureRecord | undefined;
  /** How the text was read, kept as well. Defaults to that of the resumed run, or in a new run to {}. */
  textReading?: TextReading;
  /** Samples as in {@link RunOptions}. Default to those of the resumed run, or in a new run to none. */
  sample?: NonNullable<RunOptions['sample']>;
  /** Omitted options default to those of the resumed run, or in a new run to those of `train()`. */
  options?: Partial<TrainOptions>;
}

const { steps: _, evalInterval: __, record: ___, remeasureBest: ____, ...sharedNames } = runOptionNames;
const folderRunNames: OptionNames<FolderRun> = {
  text: true,
  textPath: true,
  textReading: true,
  mixture: true,
  options: true,
  ...sharedNames,
};

/** Trains on a text like `train()`, and keeps the run in a folder; see {@link runInFolder}. */
export async function* trainInFolder(run: FolderRun): AsyncGenerator<FolderReport, void, undefined> {
  const known = knownOptions('trainInFolder', run, folderRunNames);
  const { text, textPath = '', textReading: asked, mixture, resumeFrom, options: given, ...rest } = known;
  ensureString('trainInFolder', 'textPath', textPath);
  if (asked !== undefined) ensureKind('trainInFolder', 'how the text was read as textReading', asked);
  if (known.sample !== undefined) ensureKind('trainInFolder', 'a sample', known.sample, 'prompt', 'tokens');
  const before = resumeFrom && textTrainingRecord(resumeFrom);
  const textReading = asked ?? (before ? before.text.reading : {});
  const { sample = before?.sample } = rest;
  const options = completeTrainOptions({ ...before?.options, ...given });
  ensure(
    before === undefined || before.options.optimizer === options.optimizer,
    () =>
      `the run in ${run.folder} was trained with ${before?.options.optimizer}, so it cannot continue with ${options.optimizer}; ` +
      'resume it with the same optimiser, or start a new run',
  );
  const { steps, evalInterval, patience, seed } = options;
  const trainer = textTrainer(run.model, text, options);
  const fingerprint = {
    trainTokens: tokenCount(text.train),
    validationTokens: tokenCount(text.validation),
    checksum: await textChecksum(text),
  };
  if (before) {
    const { path: _, reading: __, mixture: ___, ...fingerprintBefore } = before.text;
    ensure(
      isDeepStrictEqual(fingerprintBefore, fingerprint),
      `the text ${textPath} is not the one this run was trained on, or a different share of it is kept for validation, ` +
        'so it cannot be resumed; start a new run instead',
    );
  }
  yield* runInFolder(trainer, {
    ...rest,
    resumeFrom,
    remeasureBest: before && !isDeepStrictEqual(evaluationOf(run, before.options), evaluationOf(run, options)),
    steps,
    evalInterval,
    patience,
    sample: sample && { ...sample, seed: sample.seed ?? seed, allowSpecial: textReading?.allowSpecial },
    record: { options, sample, text: { path: textPath, reading: textReading, mixture, ...fingerprint } },
  });
}

/** What decides which validation windows a run is measured on, besides its text and seed. */
function evaluationOf({ model }: FolderRun, { evalWindows, windowLength }: TrainOptions) {
  return { evalWindows, windowLength: windowLength ?? model.config?.contextLength };
}
