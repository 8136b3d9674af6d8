import { describeValue } from '../core/describe-value.ts';
import { ensure } from '../core/errors.ts';
import { ensureKind } from '../core/kind.ts';
import { knownOptions } from '../core/options.ts';
import { RandomWindows, type TokenIds } from '../text/index.ts';
import { type TrainReport, trainLoop } from './loop.ts';
import { nextToken } from './next-token.ts';
import type { Trainable } from './objective.ts';
import { optimizerNamed, optionsOf } from './optimizers/index.ts';
import {
  checkTrainOptions,
  completeTrainOptions,
  scheduleOptionsOf,
  type TrainOptions,
  trainOptionNames,
} from './options.ts';
import { randomStream } from './random-streams.ts';
import { scheduleNamed } from './schedule.ts';
import { Trainer } from './trainer.ts';

/** The token ids of a training text and of a separate validation text. */
export interface TrainingText {
  train: TokenIds;
  validation: TokenIds;
}

/**
 * Trains `model` to predict the next token in random windows of `text`, and reports after every step. To stop, leave the loop or abort the
 * signal; the model then has the weights of the last report.
 *
 * For other objectives, batches or optimizers, see {@link Trainer}. For checkpoints, metrics on disk and resuming, see `trainInFolder`. The
 * same seed, machine and number of threads give the same losses.
 */
export async function* train(
  model: Trainable,
  text: TrainingText,
  given: Partial<TrainOptions> & { signal?: AbortSignal } = {},
): AsyncGenerator<TrainReport, void, undefined> {
  const { signal, ...others } = knownOptions('train', given, { signal: true, ...trainOptionNames });
  const options = completeTrainOptions(others);
  const { steps, evalInterval, patience } = options;
  yield* trainLoop(textTrainer(model, text, options), { steps, evalInterval, patience, hurry: signal });
}

/** An evaluation can be stopped between two batches, so with long windows a batch has few: about so many tokens. */
const EVAL_BATCH_TOKENS = 2 ** 14;

/** The trainer of {@link train}: next-token prediction, random windows, and the optimizer and the schedule that the options name. */
export function textTrainer(model: Trainable, text: TrainingText, options: TrainOptions): Trainer {
  ensureKind('train', 'a model', model, 'namedParameters', 'loss');
  ensureKind('train', 'a text as from splitTrainValidation', text, 'train', 'validation');
  for (const part of ['train', 'validation'] as const) {
    ensureKind('train', `token ids in a typed array for ${part}, as Uint16Array.from(ids)`, text[part], 'subarray');
  }
  checkTrainOptions(options);
  const windowLength = options.windowLength ?? model.config?.contextLength;
  ensure(windowLength, 'the model has no config.contextLength; give a windowLength');
  const { contextLength = Number.POSITIVE_INFINITY } = model.config ?? {};
  ensure(
    windowLength <= contextLength,
    `the window length must be at most ${contextLength}, the tokens the model sees, but is ${describeValue(windowLength)}`,
  );
  ensureLongEnough(text, windowLength);
  const { seed, batchSize, gradientAccumulation, maxGradNorm, evalWindows } = options;
  const evalBatchSize = largestDivisor(evalWindows, Math.min(batchSize, Math.ceil(EVAL_BATCH_TOKENS / windowLength)));
  const batches = new RandomWindows(
    text.train,
    { batchSize, windowLength, name: 'training text' },
    randomStream(seed, 'windows'),
  );
  // The windows are drawn one after the other, so they do not depend on how many make a batch.
  const validation = new RandomWindows(
    text.validation,
    { batchSize: evalBatchSize, windowLength, name: 'validation text' },
    randomStream(seed, 'evaluation'),
  );
  return new Trainer({
    ...{ gradientAccumulation, maxGradNorm, evalBatches: evalWindows / evalBatchSize, seed },
    model,
    objective: nextToken,
    batches,
    validation,
    optimizer: optimizerNamed(options.optimizer).create(model.namedParameters(), optionsOf(options.optimizer, options)),
    learningRate: scheduleNamed(options.schedule, scheduleOptionsOf(options)),
  });
}

/** The largest divisor of `number` that is at most `limit`. */
function largestDivisor(number: number, limit: number): number {
  let divisor = Math.min(number, limit);
  while (number % divisor !== 0) divisor--;
  return divisor;
}

/** Throws a TsgptError unless both parts of the text hold a window and the token after it. */
function ensureLongEnough({ train, validation }: TrainingText, windowLength: number): void {
  const shortest = Math.max(1, Math.min(train.length, validation.length));
  const needed = Math.ceil(((windowLength + 1) * (train.length + validation.length)) / shortest);
  for (const [name, { length }] of Object.entries({ training: train, validation })) {
    ensure(
      length > windowLength,
      `the ${name} text has ${length} tokens, but a window length of ${windowLength} needs at least ${windowLength + 1}; ` +
        `give a longer text (about ${needed} tokens in all), a smaller context or window length, or another share for ` +
        'validation',
    );
  }
}
