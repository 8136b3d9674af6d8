import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { describeValue } from '../../core/describe-value.ts';
import { ensure } from '../../core/errors.ts';
import { ensureCount, ensureKind, ensureList, ensureNumber, ensureString } from '../../core/kind.ts';
import { knownOptions, type OptionNames } from '../../core/options.ts';
import type { LanguageModel } from '../../models/index.ts';
import type { Tokenizer } from '../../tokenizer/index.ts';
import type { Optimizer, Trainer } from '../../train/index.ts';
import { writeFileAtomic } from '../atomic-file.ts';
import { makeFolder } from '../make-folder.ts';
import { writeSafetensors } from '../safetensors.ts';
import {
  type CheckpointFile,
  type CheckpointName,
  checkpointFormat,
  readCheckpointFile,
  type TrainingRecord,
} from './checkpoint-file.ts';

/** The parts of a model that a checkpoint saves. */
export type CheckpointModel = Pick<LanguageModel, 'family' | 'config' | 'namedParameters'>;

export interface CheckpointToSave {
  model: CheckpointModel;
  tokenizer: Tokenizer;
  /** The Jinja template of conversations with the model. Defaults to none. */
  chatTemplate?: string | undefined;
  /** Tokens that end a text, besides the tokenizer's own. Defaults to none. */
  stopTokens?: readonly number[] | undefined;
  step: number;
  validationLoss?: number;
  /** The state that makes it possible to resume training from the checkpoint. */
  training?: { trainer: Trainer; record: Omit<TrainingRecord, 'optimizer' | 'batches' | 'windows' | 'dropout'> };
}

const partNames: OptionNames<CheckpointToSave> = {
  ...{ chatTemplate: true, stopTokens: true },
  ...{ model: true, tokenizer: true, step: true, validationLoss: true, training: true },
};

/**
 * Writes a checkpoint under each of `names`, then removes the safetensors files that no checkpoint in the folder uses any more.
 * Only `last` holds the state for resuming training.
 */
export async function saveCheckpoint(
  folder: string,
  names: readonly CheckpointName[],
  toSave: CheckpointToSave,
): Promise<void> {
  const { model, tokenizer, chatTemplate, stopTokens, step, validationLoss, training } = knownOptions(
    'saveCheckpoint',
    toSave,
    partNames,
  );
  ensureList('saveCheckpoint', 'the names of checkpoints', names);
  for (const name of names)
    ensure(
      name === 'last' || name === 'best',
      () => `a checkpoint is named last or best, but not ${describeValue(name)}`,
    );
  ensureKind('saveCheckpoint', 'a model', model, 'family', 'config', 'namedParameters');
  ensureKind('saveCheckpoint', 'a tokenizer', tokenizer, 'toJSON');
  ensureCount('step', step, 0);
  if (validationLoss !== undefined) ensureNumber('saveCheckpoint', 'validationLoss', validationLoss);
  if (chatTemplate !== undefined) ensureString('saveCheckpoint', 'chatTemplate', chatTemplate);
  await makeFolder(folder);
  const file: CheckpointFile = {
    format: checkpointFormat,
    architecture: model.family,
    config: model.config,
    tokenizer: tokenizer.toJSON(),
    chatTemplate,
    stopTokens: stopTokens?.length ? [...stopTokens] : undefined,
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

/** The tensors of an optimiser's state. `data` is the optimiser's own array, not a copy. */
export function optimizerTensors({ state, parameters }: Optimizer) {
  return Object.entries(state).flatMap(([kind, arrays]) =>
    [...arrays].map(([path, data]) => ({ name: `${kind}.${path}`, shape: parameters.get(path)!.shape, data })),
  );
}

const numbersName = /^step-\d+\.(model|optimizer)\.safetensors$/;

/** What a process leaves that is killed while it writes. */
const unfinishedName =
  /^(step-\d+\.(model|optimizer)\.safetensors|(last|best)\.json|metrics\.jsonl|loss\.svg)\.[0-9a-f]+\.tmp$/;

async function removeUnusedNumbers(folder: string): Promise<void> {
  const entries = await readdir(folder);
  const used = new Set<string | undefined>();
  // Copies of a checkpoint under other names count as well.
  for (const name of entries.filter((entry) => entry.endsWith('.json'))) {
    const file = await readCheckpointFile(join(folder, name)).catch(() => undefined);
    // If a checkpoint is damaged, its files are unknown, so nothing is removed.
    if (!file) return;
    used.add(file.model).add(file.training?.optimizer);
  }
  for (const entry of entries.filter(
    (name) => unfinishedName.test(name) || (numbersName.test(name) && !used.has(name)),
  )) {
    // Windows does not remove a file that someone reads; a later checkpoint removes it.
    await rm(join(folder, entry), { force: true }).catch(() => {});
  }
}
