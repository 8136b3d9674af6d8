import { totalmem } from 'node:os';
import { ensure } from '../core/errors.ts';
import { summarizeModel, totalOf } from '../models/index.ts';
import { trainingMemory } from '../train/index.ts';
import { formatBytes } from './format.ts';
import { warn } from './terminal.ts';

/** The bytes of memory that the machine has, or the container that the program runs in. */
function machineMemory(): number {
  const limit = process.constrainedMemory?.() ?? 0; // 0 or an absurd number where there is none
  return limit > 0 ? Math.min(limit, totalmem()) : totalmem();
}

/**
 * Says so if the weights of a model could be too many for the machine.
 *
 * @param copies how often the weights are in memory at once
 */
export function tellOfLargeWeights(name: string, { family, config }: Model, copies: number): void {
  const bytes = 4 * totalOf(summarizeModel(family, config), 'parameters') * copies;
  const memory = machineMemory();
  if (bytes > 0.8 * memory) {
    warn(
      `the weights of ${name} take about ${formatBytes(bytes)} of memory, and the machine has ${formatBytes(memory)}`,
    );
  }
}

/** 1089705.3 → 1000000: the first digit is enough of an estimate. */
function roundedDown(value: number): number {
  const unit = 10 ** Math.max(0, Math.floor(Math.log10(value)));
  return Math.floor(value / unit) * unit;
}

interface Model {
  family: string;
  config: unknown;
}

/** The options of training that its memory depends on. */
type TrainingSize = Parameters<typeof trainingMemory>[1];

/**
 * Throws a TsgptError if a training would take more memory than the machine has; says so only if it could become tight.
 *
 * @param ignore whether the user insists
 */
export function ensureTrainingFits(
  model: Model,
  { batchSize, windowLength, optimizer, momentum }: TrainingSize,
  ignore = false,
): void {
  const { total, activations } = trainingMemory(model, { batchSize, windowLength, optimizer, momentum });
  const memory = machineMemory();
  const parts = `${formatBytes(total - activations)} for the program, the model and its training state, ${formatBytes(activations)} for a batch`;
  const takes = `this training takes about ${formatBytes(total)} of memory (${parts})`;
  if (total <= 0.8 * memory) return;
  if (ignore || total <= memory) {
    warn(`${takes}, and the machine has ${formatBytes(memory)}`);
    return;
  }
  const state = total - activations;
  const fitting = roundedDown((batchSize * (0.8 * memory - state)) / activations);
  const advice =
    state > 0.8 * memory
      ? 'choose a smaller model, as with --emb-dim and --n-layers'
      : fitting >= 1
        ? `lower --batch-size to ${fitting}, and raise --gradient-accumulation for steps of as many tokens`
        : 'lower --batch-size to 1, and --window-length or --context-length';
  ensure(false, `${takes}, but the machine has ${formatBytes(memory)}; ${advice}, or insist with --ignore-memory`);
}
