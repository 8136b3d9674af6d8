import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type LossCurve, lossCurveSvg } from '../../charts/loss-curve.ts';
import { ensure } from '../../core/errors.ts';
import { generate, type NextTokenModel } from '../../generate/index.ts';
import type { Tokenizer } from '../../tokenizer/index.ts';
import { type LoopOptions, type Trainer, type TrainReport, trainLoop } from '../../train/index.ts';
import { writeFileAtomic } from '../atomic-file.ts';
import type { CheckpointName } from './checkpoint-file.ts';
import type { LoadedCheckpoint } from './load-checkpoint.ts';
import { MetricsLog } from './metrics.ts';
import { restoreTrainer, trainingRecord } from './resume.ts';
import { type CheckpointModel, type CheckpointToSave, makeFolder, saveCheckpoint } from './save-checkpoint.ts';

export interface RunOptions extends LoopOptions {
  /** Where checkpoints, metrics and the loss curve go. */
  folder: string;
  model: CheckpointModel & NextTokenModel;
  tokenizer: Tokenizer;
  /** The checkpoint to continue from; `model` is then its model. Defaults to none: a new run. */
  resumeFrom?: LoadedCheckpoint<CheckpointModel>;
  /** What the model is to continue at every evaluation, how many tokens long, by which seed. */
  sample?: { prompt: string; tokens: number; seed?: number };
  /** What checkpoints keep for resuming besides the state of the trainer. */
  record?: NonNullable<CheckpointToSave['training']>['record'];
}

/** What is known after a step; `sample` is what the model wrote there, `saved` tells of a new checkpoint. */
export interface FolderReport extends TrainReport {
  sample?: string;
  saved?: boolean;
}

/**
 * Trains as `trainLoop()` does, whatever the trainer's objective and batches are, and keeps everything in a folder: checkpoints `last`
 * and `best` at every evaluation and when stopped, `metrics.jsonl`, and at the end `loss.svg`. A run resumed from `last` has the same
 * losses as one never stopped.
 */
export async function* runInFolder(trainer: Trainer, run: RunOptions): AsyncGenerator<FolderReport, void, undefined> {
  const { folder, model, tokenizer, steps, evalInterval = 250, resumeFrom, signal } = run;
  let best: number | undefined;
  let measured: { step: number; loss: number } | undefined;
  if (resumeFrom) {
    best = trainingRecord(resumeFrom).bestValidationLoss;
    await restoreTrainer(trainer, resumeFrom);
    ensure(
      trainer.step < steps,
      `the run in ${folder} has already made ${trainer.step} steps of ${steps}; to go on, ask for more steps`,
    );
  } else {
    ensure(!holdsRun(folder), `${folder} already holds a training run; resume it, or choose another folder`);
  }

  const save = async (names: readonly CheckpointName[]) => {
    const training = { trainer, record: { ...run.record, bestValidationLoss: best } };
    // A checkpoint between evaluations has no validation loss; an older one would not be its own.
    const validationLoss = measured?.step === trainer.step ? measured.loss : undefined;
    await saveCheckpoint(folder, names, { model, tokenizer, step: trainer.step, validationLoss, training });
  };

  await makeFolder(folder);
  const log = await MetricsLog.open(join(folder, 'metrics.jsonl'), trainer.step);
  let savedStep = trainer.step;
  let failed = false;
  try {
    for await (const report of trainLoop(trainer, { steps, evalInterval, signal })) {
      const { steps: _, secondsLeft: __, ...metrics } = report;
      await log.add(metrics);
      const extra: Pick<FolderReport, 'sample' | 'saved'> = {};
      const { step, validationLoss: loss } = report;
      if (loss !== undefined || step % evalInterval === 0 || step === steps) {
        const improved = loss !== undefined && (best === undefined || loss < best);
        if (loss !== undefined) measured = { step, loss };
        if (improved) best = loss;
        await save(improved ? ['best', 'last'] : ['last']);
        savedStep = trainer.step;
        extra.saved = true;
        if (run.sample) extra.sample = await write(run, run.sample);
      }
      yield { ...report, ...extra };
    }
  } catch (error) {
    failed = true;
    throw error;
  } finally {
    // After an error the weights may be spoilt; the checkpoint from before is better.
    if (!failed && trainer.step !== savedStep) await save(['last']);
    if (!failed && log.entries.length > 0) {
      await writeFileAtomic(join(folder, 'loss.svg'), await lossCurveSvg(curveOf(log)));
    }
  }
}

/** The losses of a run's log, as the charts take them. */
export function curveOf({ entries }: Pick<MetricsLog, 'entries'>): LossCurve {
  const train = entries.flatMap(({ step, loss }) => (loss === undefined ? [] : [{ step, loss }]));
  const validation = entries.flatMap(({ step, validationLoss: loss }) => (loss === undefined ? [] : [{ step, loss }]));
  return { train, validation };
}

/** Whether `folder` holds a run, which a new one would overwrite. */
export function holdsRun(folder: string): boolean {
  return ['last.json', 'best.json'].some((name) => existsSync(join(folder, name)));
}

async function write(
  { model, tokenizer, signal }: RunOptions,
  { prompt, tokens, seed = 0 }: NonNullable<RunOptions['sample']>,
): Promise<string> {
  let written = prompt;
  const options = { maxTokens: tokens, temperature: 0.8, topK: 200, seed, signal };
  for await (const piece of generate(model, tokenizer, prompt, options)) written += piece;
  return written;
}
