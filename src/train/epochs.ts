import { ensure } from '../core/errors.ts';
import { ensureCount, ensureKind } from '../core/kind.ts';
import { ensureSignal } from '../core/options.ts';
import type { Trainable } from './objective.ts';
import { checkTrainOptions, type TrainOptions } from './options.ts';
import { randomStream } from './random-streams.ts';
import {
  ensureTokens,
  measurePasses,
  type PassSize,
  type TextStreamOptions,
  type TrainingText,
} from './text-stream.ts';

/** The size of passes through a training text. */
export interface EpochsSize extends PassSize {
  /** The number of steps that they take. */
  readonly steps: number;
}

/**
 * Counts the steps of `epochs` passes through a text, for an `order` of epochs or packed. Packing reads where all documents begin. Throws a TsgptError
 * if an option is invalid, and the signal's reason when aborted.
 *
 *     const { steps } = await measureEpochs(model, text, options, 3);
 */
export async function measureEpochs(
  model: Pick<Trainable, 'config'>,
  text: TrainingText,
  options: TrainOptions,
  epochs: number,
  signal?: AbortSignal,
): Promise<EpochsSize> {
  ensureKind('measureEpochs', 'a model', model);
  ensureKind('measureEpochs', 'a text with train and validation', text, 'train');
  ensureTokens('measureEpochs', 'train', text.train);
  checkTrainOptions(options);
  ensure(options.order !== 'random', 'measureEpochs: random windows make no passes; give order: epochs or packed');
  ensureCount('epochs', epochs);
  ensureSignal('measureEpochs', signal);
  const reading = streamOptions(text, options, windowLengthOf(model, options));
  const size = await measurePasses(text.train, epochs, reading, randomStream(options.seed, 'windows'), signal);
  return { ...size, steps: Math.ceil(size.rows / (options.batchSize * options.gradientAccumulation)) };
}

/** The number of tokens in a training window. */
export function windowLengthOf({ config }: Pick<Trainable, 'config'>, options: TrainOptions): number {
  const windowLength = options.windowLength ?? config?.contextLength;
  ensure(windowLength, 'the model has no config.contextLength; give a windowLength');
  return windowLength;
}

/** How the training text is read. */
export function streamOptions(
  { endOfTextId }: TrainingText,
  { order, batchSize, separateDocuments, readAhead }: TrainOptions,
  windowLength: number,
): TextStreamOptions {
  return { order, batchSize, windowLength, separateDocuments, readAhead, endOfTextId, name: 'the training text' };
}
