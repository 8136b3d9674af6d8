import { describeValue } from '../core/describe-value.ts';
import { ensure } from '../core/errors.ts';
import { ensureKind } from '../core/kind.ts';
import { knownOptions } from '../core/options.ts';
import { streamOptions, windowLengthOf } from './epochs.ts';
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
import { ensureTokens, type TrainingText, textStream, tokenCount } from './text-stream.ts';
import { Trainer } from './trainer.ts';

/**
 * Trains `model` to predict the next token in windows of `text`, and reports after every step. To stop, leave the loop or abort the
 * signal; the model then has the weights of the last report.
 *
 * For other objectives, batches or optimisers, see {@link Trainer}. For checkpoints, metrics on disk and resuming, see `trainInFolder`. The
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

/** The trainer of {@link train}: next-token prediction, and the optimiser and the schedule that the options name. */
export function textTrainer(model: Trainable, text: TrainingText, options: TrainOptions): Trainer {
  ensureKind('train', 'a model', model, 'namedParameters', 'loss');
  ensureKind('train', 'a text as from splitTrainValidation', text, 'train', 'validation');
  for (const part of ['train', 'validation'] as const) {
    ensureTokens('train', part, text[part]);
  }
  checkTrainOptions(options);
  const windowLength = windowLengthOf(model, options);
  const { contextLength = Number.POSITIVE_INFINITY } = model.config ?? {};
  ensure(
    windowLength <= contextLength,
    `the window length must be at most ${contextLength}, the tokens the model sees, but is ${describeValue(windowLength)}`,
  );
  ensureLongEnough(text, windowLength, options);
  const { seed, gradientAccumulation, maxGradNorm, evalWindows } = options;
  const reading = streamOptions(text, options, windowLength);
  const batches = textStream(text.train, reading, randomStream(seed, 'windows'));
  // The windows are drawn one after the other, so they do not depend on how many make a batch.
  const evalBatchSize = largestDivisor(
    evalWindows,
    Math.min(options.batchSize, Math.ceil(EVAL_BATCH_TOKENS / windowLength)),
  );
  const evaluation = {
    ...reading,
    order: 'random',
    readAhead: 0,
    batchSize: evalBatchSize,
    name: 'the validation text',
  } as const;
  const validation = textStream(text.validation, evaluation, randomStream(seed, 'evaluation'));
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
function ensureLongEnough({ train, validation }: TrainingText, windowLength: number, { order }: TrainOptions): void {
  const counts = { training: tokenCount(train), validation: tokenCount(validation) };
  const shortest = Math.max(1, Math.min(counts.training, counts.validation));
  const needed = Math.ceil(((windowLength + 1) * (counts.training + counts.validation)) / shortest);
  for (const [name, length] of Object.entries(counts)) {
    if (name === 'training' && order === 'packed') continue; // rows may be longer than all documents
    ensure(
      length > windowLength,
      `the ${name} text has ${length} tokens, but a window length of ${windowLength} needs at least ${windowLength + 1}; ` +
        `give a longer text (about ${needed} tokens in all), a smaller context or window length, or another share for ` +
        'validation',
    );
  }
}
