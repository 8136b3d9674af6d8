import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { TsgptError } from '../../core/errors.ts';
import type { LanguageModel } from '../../models/index.ts';
import type { Tokenizer } from '../../tokenizer/index.ts';
import type { Optimizer, Trainer } from '../../train/index.ts';
import { writeFileAtomic } from '../atomic-file.ts';
import { writeSafetensors } from '../safetensors.ts';
import {
  type CheckpointFile,
  type CheckpointName,
  checkpointFormat,
  readCheckpointFile,
  type TrainingRecord,
} from './checkpoint-file.ts';

/** What a checkpoint keeps of a model. */
export type CheckpointModel = Pick<LanguageModel, 'family' | 'config' | 'namedParameters'>;

export interface CheckpointToSave {
  model: CheckpointModel;
  tokenizer: Tokenizer;
  step: number;
  validationLoss?: number;
  /** With it, training can be resumed from the checkpoint. */
  training?: { trainer: Trainer; record: Omit<TrainingRecord, 'optimizer' | 'batches' | 'windows' | 'dropout'> };
}

/**
 * Writes the state under each of `names` in the folder, then removes the number files that no checkpoint there uses any more.
 * Only `last` keeps what it takes to resume training.
 */
export async function saveCheckpoint(
  folder: string,
  names: readonly CheckpointName[],
  { model, tokenizer, step, validationLoss, training }: CheckpointToSave,
): Promise<void> {
  await makeFolder(folder);
  const file: CheckpointFile = {
    format: checkpointFormat,
    architecture: model.family,
    config: model.config,
    tokenizer: tokenizer.toJSON(),
    step,
    validationLoss,
    model: `step-${step}.model.safetensors`,
  };
  const parameters = [...model.namedParameters()];
  const modelTensors = parameters.map(([path, { shape, value }]) => ({ name: path, shape, data: value }));
  await writeSafetensors(join(folder, file.model), modelTensors);
  for (const name of names) {
    const record = name === 'last' && training ? await saveTraining(folder, step, training) : undefined;
    await writeFileAtomic(join(folder, `${name}.json`), `${JSON.stringify({ ...file, training: record }, null, 2)}\n`);
  }
  await removeUnusedNumbers(folder);
}

/** Makes sure that the folder is there. */
export async function makeFolder(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true }).catch((cause) => {
    throw new TsgptError(`cannot create the folder ${folder}: ${cause.message}; choose another place`, { cause });
  });
}

async function saveTraining(
  folder: string,
  step: number,
  { trainer, record }: NonNullable<CheckpointToSave['training']>,
): Promise<TrainingRecord> {
  const optimizer = `step-${step}.optimizer.safetensors`;
  await writeSafetensors(join(folder, optimizer), optimizerTensors(trainer.optimizer));
  const { batches, dropout } = trainer.state;
  return { ...record, optimizer, batches, dropout: [...dropout] };
}

/** What an optimizer remembers, parameter by parameter; `data` is where it keeps it. */
export function optimizerTensors({ state, parameters }: Optimizer) {
  return Object.entries(state).flatMap(([kind, arrays]) =>
    [...arrays].map(([path, data]) => ({ name: `${kind}.${path}`, shape: parameters.get(path)!.shape, data })),
  );
}

/** With `.tmp` at the end it is what a process that was killed while writing left. */
const numbersName = /^step-\d+\.(model|optimizer)\.safetensors(\.[0-9a-f]+\.tmp)?$/;

async function removeUnusedNumbers(folder: string): Promise<void> {
  const entries = await readdir(folder);
  const used = new Set<string | undefined>();
  // Copies under other names are checkpoints, too.
  for (const name of entries.filter((entry) => entry.endsWith('.json'))) {
    const file = await readCheckpointFile(join(folder, name)).catch(() => undefined);
    // What a damaged checkpoint uses is not known; better too many files than one too few.
    if (!file) return;
    used.add(file.model).add(file.training?.optimizer);
  }
  for (const entry of entries.filter((name) => numbersName.test(name) && !used.has(name)))
    await rm(join(folder, entry));
}
