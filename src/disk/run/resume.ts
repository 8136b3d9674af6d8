import { basename, dirname, join } from 'node:path';
import { ensure } from '../../core/errors.ts';
import type { Json } from '../../core/json.ts';
import { ensureKind, ensureString } from '../../core/kind.ts';
import { whileOpen } from '../../core/while-open.ts';
import type { Trainer } from '../../train/index.ts';
import { openSafetensors } from '../safetensors.ts';
import { damagedRemedy, type TrainingRecord } from './checkpoint-file.ts';
import { checkTensor, type LoadedCheckpoint } from './load-checkpoint.ts';
import { type CheckpointModel, optimizerTensors } from './save-checkpoint.ts';

/** The record that training needs to resume from a checkpoint. Throws a TsgptError if the checkpoint holds only a model. */
export function trainingRecord(checkpoint: LoadedCheckpoint<CheckpointModel>): TrainingRecord {
  ensureKind('resume', 'a checkpoint, as from loadCheckpoint', checkpoint, 'path', 'file');
  const { path, file } = checkpoint;
  ensureString('resume', 'the path of a checkpoint', path);
  ensureKind('resume', 'the contents of a checkpoint as its file', file);
  ensure(file.training, `${path} holds a model, but not the state of its training; resume from a folder's last.json`);
  return file.training;
}

/** The record of a run of `trainInFolder`, which also keeps its options and a fingerprint of the text. */
export function textTrainingRecord(checkpoint: LoadedCheckpoint<CheckpointModel>) {
  const { options, text, ...rest } = trainingRecord(checkpoint);
  ensure(
    options && text,
    `${checkpoint.path} does not say which text the model was trained on; resume it with the program that trained it`,
  );
  return { ...rest, options, text };
}

/** Restores the trainer's position and the optimiser's state from a checkpoint. */
export async function restoreTrainer(trainer: Trainer, checkpoint: LoadedCheckpoint<CheckpointModel>): Promise<void> {
  const { optimizer, batches, windows, dropout } = trainingRecord(checkpoint);
  const { path, file } = checkpoint;
  const optimizerPath = join(dirname(path), basename(optimizer));
  await whileOpen(await openSafetensors(optimizerPath, damagedRemedy), async (numbers) => {
    ensureSameOptimizer(path, numbers.tensors.keys(), Object.keys(trainer.optimizer.state));
    for (const { name, shape, data } of optimizerTensors(trainer.optimizer)) {
      checkTensor(numbers, optimizerPath, name, shape);
      data.set((await numbers.read(name)).data as Float32Array);
    }
  });
  trainer.restore({ step: file.step, batches: (batches ?? windows ?? null) as Json, dropout });
}

/** Throws a TsgptError unless the tensors of a checkpoint's optimiser are of the kinds that the optimiser remembers. */
function ensureSameOptimizer(path: string, tensors: Iterable<string>, kinds: readonly string[]): void {
  const saved = [...new Set(Array.from(tensors, (name) => name.split('.', 1)[0]!))];
  const list = (names: readonly string[]) => (names.length > 0 ? names.join(' and ') : 'nothing');
  ensure(
    saved.length === kinds.length && saved.every((kind) => kinds.includes(kind)),
    `${path} was trained with another optimiser: that one remembers ${list(saved)}, this one ${list(kinds)}; ` +
      'resume with the same optimiser and momentum, or start a new run',
  );
}
