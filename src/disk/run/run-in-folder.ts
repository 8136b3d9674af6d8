import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { type LossCurve, lossCurveSvg } from '../../charts/loss-curve.ts';
import { ensure } from '../../core/errors.ts';
import { knownOptions, type OptionNames } from '../../core/options.ts';
import { generate, type NextTokenModel } from '../../generate/index.ts';
import type { EncodeOptions, Tokenizer } from '../../tokenizer/index.ts';
import { type LoopOptions, type Trainer, type TrainReport, trainLoop } from '../../train/index.ts';
import { writeFileAtomic } from '../atomic-file.ts';
import { makeFolder } from '../make-folder.ts';
import { type CheckpointName, readCheckpointFile } from './checkpoint-file.ts';
import type { LoadedCheckpoint } from './load-checkpoint.ts';
import { RunLock } from './lock.ts';
import { MetricsLog } from './metrics.ts';
import { restoreTrainer, trainingRecord } from './resume.ts';
import { type CheckpointModel, type CheckpointToSave, saveCheckpoint } from './save-checkpoint.ts';

export interface RunOptions extends LoopOptions {
  /** The folder for checkpoints, metrics and the loss curve. */
  folder: string;
  model: CheckpointModel & NextTokenModel;
  tokenizer: Tokenizer;
  /** The Jinja template of conversations with the model, kept in its checkpoints. Defaults to that of the resumed run, else to none. */
  chatTemplate?: string | undefined;
  /** Tokens that end a text, besides the tokenizer's own, kept as well. Defaults to those of the resumed run, else to none. */
  stopTokens?: readonly number[] | undefined;
  /** The checkpoint to continue from; `model` must be its model. Defaults to none, which starts a new run. */
  resumeFrom?: LoadedCheckpoint<CheckpointModel>;
  /** Called once before the first step, when everything has been checked and the folder exists. */
  onStart?: () => void;
  /**
   * At every evaluation the model continues `prompt` by `tokens` tokens; 0 tokens mean no sample. `seed` defaults to 0, `allowSpecial` to false; see
   * {@link EncodeOptions}.
   */
  sample?: { prompt: string; tokens: number; seed?: number } & EncodeOptions;
  /** Called when something fails that the run does without: a sample, the drawing of the loss curve. Defaults to a warning of Node's. */
  onWarning?: (message: string) => void;
  /** Further data that checkpoints keep for resuming, besides the trainer's state. */
  record?: NonNullable<CheckpointToSave['training']>['record'];
}

export const runOptionNames: OptionNames<RunOptions> = {
  ...{ chatTemplate: true, stopTokens: true },
  ...{ folder: true, model: true, tokenizer: true, resumeFrom: true, onStart: true, onWarning: true },
  ...{ sample: true, record: true },
  ...{ steps: true, evalInterval: true, signal: true, hurry: true },
};

/** The report of a step. `sample` is the text that the model generated; `saved` is true if a checkpoint was written. */
export interface FolderReport extends TrainReport {
  sample?: string;
  saved?: boolean;
}

/**
 * Trains like `trainLoop()`, with any objective and batches, and keeps the run in a folder. It writes the checkpoints `last` and
 * `best` at every evaluation, `last` also when the run stops, every measurement to `metrics.jsonl`, and at the end `loss.svg`.
 *
 * A run resumed from `last` has the same losses as an uninterrupted run. While a process trains in a folder, no other one can.
 */
export async function* runInFolder(trainer: Trainer, run: RunOptions): AsyncGenerator<FolderReport, void, undefined> {
  const options = knownOptions('runInFolder', run, runOptionNames);
  await makeFolder(options.folder);
  const lock = await RunLock.take(options.folder);
  try {
    yield* runLocked(trainer, options, lock);
  } finally {
    await lock.release();
  }
}

async function* runLocked(trainer: Trainer, run: RunOptions, lock: RunLock): AsyncGenerator<FolderReport> {
  const { folder, model, tokenizer, steps, evalInterval = 250, resumeFrom, signal, hurry, sample } = run;
  const { chatTemplate = resumeFrom?.file.chatTemplate, stopTokens = resumeFrom?.file.stopTokens } = run;
  let best: number | undefined;
  let measured: { step: number; loss: number } | undefined;
  if (resumeFrom) {
    await ensureUnchanged(resumeFrom);
    best = trainingRecord(resumeFrom).bestValidationLoss;
    await restoreTrainer(trainer, resumeFrom);
    ensure(
      trainer.step < steps,
      `the run in ${folder} has already made ${trainer.step} of ${steps} steps; ask for more steps to continue`,
    );
  } else {
    ensure(!(await holdsRun(folder)), `${folder} already holds a training run; resume it, or choose another folder`);
    for (const path of checkpointPaths(folder)) await rm(path, { force: true });
  }

  const save = async (names: readonly CheckpointName[]) => {
    await lock.check();
    const training = { trainer, record: { ...run.record, bestValidationLoss: best } };
    // A checkpoint between evaluations has no validation loss: the latest one belongs to other weights.
    const validationLoss = measured?.step === trainer.step ? measured.loss : undefined;
    const files = { model, tokenizer, chatTemplate, stopTokens };
    await saveCheckpoint(folder, names, { ...files, step: trainer.step, validationLoss, training });
  };

  const log = await MetricsLog.open(join(folder, 'metrics.jsonl'), trainer.step);
  run.onStart?.();
  let savedStep = trainer.step;
  let failed = false;
  try {
    for await (const report of trainLoop(trainer, { steps, evalInterval, signal, hurry })) {
      const { steps: _, secondsLeft: __, ...metrics } = report;
      await log.add(metrics).catch(async (error) => {
        if (trainer.step !== savedStep) await save(['last']).catch(() => {}); // the weights are as good as ever
        throw error;
      });
      const extra: Pick<FolderReport, 'sample' | 'saved'> = {};
      const { step, validationLoss: loss } = report;
      if (loss !== undefined || step % evalInterval === 0 || step === steps) {
        const improved = loss !== undefined && (best === undefined || loss < best);
        if (loss !== undefined) measured = { step, loss };
        if (improved) best = loss;
        await save(improved ? ['best', 'last'] : ['last']);
        savedStep = trainer.step;
        extra.saved = true;
        if (sample && sample.tokens > 0 && !signal?.aborted && !hurry?.aborted) {
          extra.sample = await dispensable(run, 'write a sample', () => write(run, sample));
        }
      }
      yield { ...report, ...extra };
    }
  } catch (error) {
    failed = true;
    throw error;
  } finally {
    // After an error the weights may be invalid, so the previous checkpoint is kept.
    if (!failed && trainer.step !== savedStep) await save(['last']);
    const curve = curveOf(log);
    if (!failed && (curve.train.length > 0 || curve.validation.length > 0)) {
      await dispensable(run, 'draw loss.svg', async () =>
        writeFileAtomic(join(folder, 'loss.svg'), await lossCurveSvg(curve)),
      );
    }
  }
}

/** Throws a TsgptError if another process has trained on since a checkpoint was read. */
async function ensureUnchanged({ path, file }: LoadedCheckpoint<CheckpointModel>): Promise<void> {
  const now = await readCheckpointFile(path).catch(() => undefined);
  ensure(
    now === undefined || isDeepStrictEqual(now, file),
    `another process has written ${path} since it was read; start again to go on from there`,
  );
}

/** Does something that a run does without if it fails. */
async function dispensable<T>(
  { folder, signal, onWarning = (message) => process.emitWarning(message) }: RunOptions,
  what: string,
  work: () => Promise<T>,
): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (error === signal?.reason) throw error;
    onWarning(`the run in ${folder} could not ${what}: ${error instanceof Error ? error.message : error}`);
    return undefined;
  }
}

/** The losses of a run's log, in the form that the charts take. */
export function curveOf({ entries }: Pick<MetricsLog, 'entries'>): LossCurve {
  const train = entries.flatMap(({ step, loss }) => (loss === undefined ? [] : [{ step, loss }]));
  const validation = entries.flatMap(({ step, validationLoss: loss }) => (loss === undefined ? [] : [{ step, loss }]));
  return { train, validation };
}

/** Whether `folder` holds a run, which a new one would overwrite. A run that failed before its first step is none. */
export async function holdsRun(folder: string): Promise<boolean> {
  for (const path of checkpointPaths(folder).filter(existsSync)) {
    const file = await readCheckpointFile(path).catch(() => undefined);
    if (!file || file.step > 0) return true;
  }
  return false;
}

const checkpointPaths = (folder: string) => ['last.json', 'best.json'].map((name) => join(folder, name));

async function write(
  { model, tokenizer, signal }: RunOptions,
  { prompt, tokens, seed = 0, allowSpecial }: NonNullable<RunOptions['sample']>,
): Promise<string> {
  let written = prompt;
  const options = { maxTokens: tokens, temperature: 0.8, topK: 200, seed, allowSpecial, signal };
  for await (const piece of generate(model, tokenizer, prompt, options)) written += piece;
  return written;
}
