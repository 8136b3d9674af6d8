import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { type LossCurve, lossCurveSvg } from '../../charts/loss-curve.ts';
import { ensure } from '../../core/errors.ts';
import { areFinite } from '../../core/finite.ts';
import { ensureCount, ensureKind, ensureList, ensureString } from '../../core/kind.ts';
import { knownOptions } from '../../core/options.ts';
import { generate } from '../../generate/index.ts';
import { Divergence } from '../../train/divergence.ts';
import { type Improvement, type Trainer, type TrainReport, trainLoop } from '../../train/index.ts';
import { isOutOfPatience } from '../../train/loop.ts';
import { writeFileAtomic } from '../atomic-file.ts';
import { FolderLock, training } from '../folder-lock.ts';
import { makeFolder } from '../make-folder.ts';
import { type CheckpointName, readCheckpointFile } from './checkpoint-file.ts';
import type { LoadedCheckpoint } from './load-checkpoint.ts';
import { lossOfBest } from './measure-best.ts';
import { MetricsLog } from './metrics.ts';
import { restoreTrainer, trainingRecord } from './resume.ts';
import { type RunOptions, runOptionNames } from './run-options.ts';
import { type CheckpointModel, saveCheckpoint } from './save-checkpoint.ts';

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
  ensureKind('runInFolder', 'a trainer', trainer, 'step', 'trainStep');
  const options = knownOptions('runInFolder', run, runOptionNames);
  ensureKind('runInFolder', 'a model', options.model, 'namedParameters', 'config');
  ensureCount('steps', options.steps);
  await makeFolder(options.folder);
  const lock = await FolderLock.take(options.folder, training);
  try {
    yield* runLocked(trainer, options, lock);
  } finally {
    await lock.release();
  }
}

async function* runLocked(trainer: Trainer, run: RunOptions, lock: FolderLock): AsyncGenerator<FolderReport> {
  const { folder, model, tokenizer, steps, evalInterval = 250, patience, resumeFrom, signal, hurry, sample } = run;
  const { chatTemplate = resumeFrom?.file.chatTemplate, stopTokens = resumeFrom?.file.stopTokens } = run;
  let best: number | undefined;
  let lastImprovement: Improvement | undefined;
  let savedStep = 0;
  let measured: { step: number; loss: number } | undefined;
  if (resumeFrom) {
    await ensureUnchanged(resumeFrom);
    ({ bestValidationLoss: best, lastImprovement } = trainingRecord(resumeFrom));
    await restoreTrainer(trainer, resumeFrom);
    ensure(
      trainer.step < steps,
      `the run in ${folder} has already made ${trainer.step} of ${steps} steps; ask for more steps to continue`,
    );
    ensure(
      !isOutOfPatience(trainer.step, { evalInterval, patience, lastImprovement }),
      () =>
        `the run in ${folder} has ended: its validation loss has not fallen since step ${lastImprovement?.step}; ` +
        `raise patience, now ${patience}, to continue`,
    );
  } else {
    ensure(!(await holdsRun(folder)), `${folder} already holds a training run; resume it, or choose another folder`);
    for (const path of checkpointPaths(folder)) await rm(path, { force: true });
  }

  const save = async (names: readonly CheckpointName[]) => {
    await lock.check();
    if (!hasFiniteWeights(model)) {
      throw new Divergence(`weights became NaN or infinite by step ${trainer.step}`).in(folder, savedStep);
    }
    const training = { trainer, record: { ...run.record, bestValidationLoss: best, lastImprovement } };
    // A checkpoint between evaluations has no validation loss: the latest one belongs to other weights.
    const validationLoss = measured?.step === trainer.step ? measured.loss : undefined;
    const files = { model, tokenizer, chatTemplate, stopTokens };
    await saveCheckpoint(folder, names, { ...files, step: trainer.step, validationLoss, training });
  };

  const log = await MetricsLog.open(join(folder, 'metrics.jsonl'), trainer.step);
  run.onStart?.();
  if (best !== undefined && run.remeasureBest) {
    best = await bestAnew(trainer, run, best);
    lastImprovement &&= best === undefined ? undefined : { ...lastImprovement, validationLoss: best };
  }
  savedStep = trainer.step;
  let failed = false;
  try {
    for await (const report of trainLoop(trainer, { steps, evalInterval, patience, lastImprovement, signal, hurry })) {
      const { steps: _, secondsLeft: __, outOfPatience: ___, lastImprovement: latest, ...metrics } = report;
      lastImprovement = latest ?? lastImprovement;
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
    throw error instanceof Divergence ? error.in(folder, savedStep) : error;
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

/** The best checkpoint's validation loss on the data of now; undefined if that cannot be told, and the next one measured is the best. */
async function bestAnew(trainer: Trainer, run: RunOptions, before: number): Promise<number | undefined> {
  const { folder, model } = run;
  const signal = AbortSignal.any([run.signal, run.hurry].filter((signal) => signal !== undefined));
  const measure = () =>
    lossOfBest(folder, { model, trainer, signal }).catch((error) => {
      if (signal.aborted) return before; // no step follows
      throw error;
    });
  return dispensable(run, 'measure its best checkpoint anew', measure);
}

/** Throws a TsgptError if another process has trained on since a checkpoint was read. */
async function ensureUnchanged({ path, file }: LoadedCheckpoint<CheckpointModel>): Promise<void> {
  const now = await readCheckpointFile(path).catch(() => undefined);
  ensure(
    now === undefined || isDeepStrictEqual(now, file),
    `another process has written ${path} since it was read; start again to go on from there`,
  );
}

/** Whether all weights are finite. A checkpoint of others would replace one that is good. */
function hasFiniteWeights(model: RunOptions['model']): boolean {
  return [...model.namedParameters().values()].every(({ value }) => areFinite(value));
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
export function curveOf(log: Pick<MetricsLog, 'entries'>): LossCurve {
  ensureKind('curveOf', 'a log, as from readMetrics', log, 'entries');
  const { entries } = log;
  ensureList('curveOf', 'the entries of a log', entries, 'step');
  const train = entries.flatMap(({ step, loss }) => (loss === undefined ? [] : [{ step, loss }]));
  const validation = entries.flatMap(({ step, validationLoss: loss }) => (loss === undefined ? [] : [{ step, loss }]));
  return { train, validation };
}

/** Whether `folder` holds a run, which a new one would overwrite. A run that failed before its first step is none. */
export async function holdsRun(folder: string): Promise<boolean> {
  ensureString('holdsRun', 'the folder', folder);
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
