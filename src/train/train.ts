import { ensure } from '../core/errors.ts';
import { RandomWindows, type TokenIds } from '../text/index.ts';
import { AdamW } from './adamw.ts';
import { type TrainReport, trainLoop } from './loop.ts';
import { nextToken } from './next-token.ts';
import type { Trainable } from './objective.ts';
import { checkTrainOptions, completeTrainOptions, type TrainOptions } from './options.ts';
import { randomStream } from './random-streams.ts';
import { cosineSchedule } from './schedule.ts';
import { Trainer } from './trainer.ts';

/** Token ids to learn from and, apart from them, token ids to measure with. */
export interface TrainingText {
  train: TokenIds;
  validation: TokenIds;
}

/**
 * Trains `model` to predict the next token of random windows of `text`, and reports after every step. Stop by leaving the loop or by the
 * signal; the model then has the weights of the last report. For another objective, other batches or another optimizer, see
 * {@link Trainer}; for checkpoints, metrics on disk and resuming, `trainInFolder`.
 *
 * The same seed, machine and number of threads give the same losses.
 */
export async function* train(
  model: Trainable,
  text: TrainingText,
  { signal, ...given }: Partial<TrainOptions> & { signal?: AbortSignal } = {},
): AsyncGenerator<TrainReport, void, undefined> {
  const options = completeTrainOptions(given);
  yield* trainLoop(textTrainer(model, text, options), { ...options, signal });
}

/** The trainer behind {@link train}: next tokens, random windows, AdamW, and a learning rate that rises and falls. */
export function textTrainer(model: Trainable, text: TrainingText, options: TrainOptions): Trainer {
  checkTrainOptions(options);
  const windowLength = options.windowLength ?? model.config?.contextLength;
  ensure(windowLength, 'the model does not tell how many tokens it sees at once; give a windowLength');
  const { seed, batchSize } = options;
  const windows = (purpose: 'windows' | 'evaluation', ids: TokenIds, name: string) =>
    new RandomWindows(ids, { batchSize, windowLength, name }, randomStream(seed, purpose));
  return new Trainer({
    ...options, // gradientAccumulation, maxGradNorm, evalBatches, seed
    model,
    objective: nextToken,
    batches: windows('windows', text.train, 'training text'),
    validation: windows('evaluation', text.validation, 'validation text'),
    optimizer: new AdamW(model.namedParameters(), options),
    learningRate: cosineSchedule(options),
  });
}
