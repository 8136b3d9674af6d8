import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { crc32 } from 'node:zlib';
import type { LossCurve } from '../../charts/loss-curve.ts';
import { ensure } from '../../core/errors.ts';
import { generate } from '../../generate/index.ts';
import type { LanguageModel } from '../../models/index.ts';
import type { TokenIds } from '../../text/index.ts';
import type { Tokenizer } from '../../tokenizer/index.ts';
import type { TrainOptions } from '../../train/options.ts';
import { type TrainReport, trainFrom } from '../../train/train.ts';
import { Trainer, type TrainingText } from '../../train/trainer.ts';
import { writeFileAtomic } from '../atomic-file.ts';
import {
  type CheckpointName,
  type LoadedCheckpoint,
  makeFolder,
  restoreTrainer,
  saveCheckpoint,
  trainingRecord,
} from './checkpoint.ts';
import { MetricsLog } from './metrics.ts';

export interface FolderRun {
  /** Where checkpoints, metrics and the loss curve go. */
  folder: string;
  model: LanguageModel;
  tokenizer: Tokenizer;
  text: TrainingText;
  /** Where the text came from; a resumed run reads it again. */
  textPath: string;
  options: TrainOptions;
  /** The checkpoint to go on from; `model` is then the one it holds. */
  resumeFrom?: LoadedCheckpoint;
  /** What the model is to continue at every evaluation, how many tokens long. */
  sample?: { prompt: string; tokens: number };
  signal?: AbortSignal;
}

/** What is known after a step; `sample` is what the model wrote there, `saved` tells of a new checkpoint. */
export interface FolderReport extends TrainReport {
  sample?: string;
  saved?: boolean;
}

/**
 * Trains as `train()` does, and keeps everything in a folder: checkpoints `last` and `best` at every evaluation and when
 * stopped, `metrics.jsonl`, and at the end `loss.svg`. A run resumed from `last` has the same losses as one never stopped.
 */
export async function* trainInFolder(run: FolderRun): AsyncGenerator<FolderReport, void, undefined> {
  const { folder, model, tokenizer, text, options, resumeFrom, signal } = run;
  if (!resumeFrom) ensureNoRunIn(folder);
  const trainer = new Trainer(model, text, options);
  const fingerprint = {
    trainTokens: text.train.length,
    validationTokens: text.validation.length,
    checksum: checksumOf(text),
  };
  let best: number | undefined;
  let measured: { step: number; loss: number } | undefined;
  if (resumeFrom) {
    const before = trainingRecord(resumeFrom);
    ensure(
      isDeepStrictEqual({ ...before.text, path: '' }, { ...fingerprint, path: '' }),
      `the text ${run.textPath} is not the one this run was trained on, or another share of it is kept for validation, ` +
        'so it cannot be resumed; start a new run instead',
    );
    await restoreTrainer(trainer, resumeFrom);
    best = before.bestValidationLoss;
    ensure(
      trainer.step < options.steps,
      `the run in ${folder} has already made ${trainer.step} steps of ${options.steps}; to go on, ask for more steps`,
    );
  }

  const save = async (names: readonly CheckpointName[]) => {
    const record = { options: { ...options }, text: { path: run.textPath, ...fingerprint }, bestValidationLoss: best };
    const training = { trainer, record };
    // A checkpoint between evaluations has no validation loss; an older one would not be its own.
    const validationLoss = measured?.step === trainer.step ? measured.loss : undefined;
    await saveCheckpoint(folder, names, { model, tokenizer, step: trainer.step, validationLoss, training });
  };

  await makeFolder(folder);
  const log = await MetricsLog.open(join(folder, 'metrics.jsonl'), trainer.step);
  let savedStep = trainer.step;
  let failed = false;
  try {
    for await (const report of trainFrom(trainer, signal)) {
      const { steps: _, secondsLeft: __, ...metrics } = report;
      await log.add(metrics);
      const extra: Pick<FolderReport, 'sample' | 'saved'> = {};
      if (report.validationLoss !== undefined) {
        measured = { step: report.step, loss: report.validationLoss };
        const improved = best === undefined || measured.loss < best;
        if (improved) best = measured.loss;
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
      // Loaded only here, because the plotting library takes longer to start than all the rest.
      const { lossCurveSvg } = await import('../../charts/loss-curve.ts');
      await writeFileAtomic(join(folder, 'loss.svg'), lossCurveSvg(curveOf(log)));
    }
  }
}

/** The losses of a run's log, as the charts take them. */
export function curveOf({ entries }: Pick<MetricsLog, 'entries'>): LossCurve {
  const train = entries.flatMap(({ step, loss }) => (loss === undefined ? [] : [{ step, loss }]));
  const validation = entries.flatMap(({ step, validationLoss: loss }) => (loss === undefined ? [] : [{ step, loss }]));
  return { train, validation };
}

/** Throws if `folder` already holds a run, which a new one would overwrite. */
export function ensureNoRunIn(folder: string): void {
  ensure(
    !['last.json', 'best.json'].some((name) => existsSync(join(folder, name))),
    `${folder} already holds a training run; continue it with --resume, or choose another folder with --out`,
  );
}

async function write(run: FolderRun, { prompt, tokens }: { prompt: string; tokens: number }): Promise<string> {
  let written = prompt;
  const options = { maxTokens: tokens, temperature: 0.8, topK: 200, seed: run.options.seed, signal: run.signal };
  for await (const piece of generate(run.model, run.tokenizer, prompt, options)) written += piece;
  return written;
}

function checksumOf({ train, validation }: TrainingText): number {
  const bytes = (ids: TokenIds) => new Uint8Array(ids.buffer, ids.byteOffset, ids.byteLength);
  return crc32(bytes(validation), crc32(bytes(train)));
}
