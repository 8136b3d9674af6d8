import { isDeepStrictEqual } from 'node:util';
import { crc32 } from 'node:zlib';
import { ensure } from '../../core/errors.ts';
import { ensureKind, ensureString } from '../../core/kind.ts';
import { knownOptions, type OptionNames } from '../../core/options.ts';
import type { TokenIds } from '../../text/index.ts';
import {
  completeTrainOptions,
  type Trainable,
  type TrainingText,
  type TrainOptions,
  textTrainer,
} from '../../train/index.ts';
import type { TextReading } from './checkpoint-file.ts';
import { textTrainingRecord } from './resume.ts';
import { type FolderReport, runInFolder } from './run-in-folder.ts';
import { type RunOptions, runOptionNames } from './run-options.ts';

export interface FolderRun extends Omit<RunOptions, 'steps' | 'evalInterval' | 'record' | 'remeasureBest'> {
  model: RunOptions['model'] & Trainable;
  text: TrainingText;
  /** The path of the text, kept for resuming the run. Defaults to ''. */
  textPath?: string;
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
  options: true,
  ...sharedNames,
};

/** Trains on a text like `train()`, and keeps the run in a folder; see {@link runInFolder}. */
export async function* trainInFolder(run: FolderRun): AsyncGenerator<FolderReport, void, undefined> {
  const known = knownOptions('trainInFolder', run, folderRunNames);
  const { text, textPath = '', textReading: asked, resumeFrom, options: given, ...rest } = known;
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
      'resume it with the same optimizer, or start a new run',
  );
  const { steps, evalInterval, patience, seed } = options;
  const trainer = textTrainer(run.model, text, options);
  const fingerprint = {
    trainTokens: text.train.length,
    validationTokens: text.validation.length,
    checksum: checksumOf(text),
  };
  if (before) {
    const { path: _, reading: __, ...fingerprintBefore } = before.text;
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
    record: { options, sample, text: { path: textPath, reading: textReading, ...fingerprint } },
  });
}

/** What decides which validation windows a run is measured on, besides its text and seed. */
function evaluationOf({ model }: FolderRun, { evalWindows, windowLength }: TrainOptions) {
  return { evalWindows, windowLength: windowLength ?? model.config?.contextLength };
}

function checksumOf({ train, validation }: TrainingText): number {
  const bytes = (ids: TokenIds) => new Uint8Array(ids.buffer, ids.byteOffset, ids.byteLength);
  return crc32(bytes(validation), crc32(bytes(train)));
}
