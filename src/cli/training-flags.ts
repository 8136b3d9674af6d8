import type { Command } from 'commander';
import type { TrainOptions } from '../train/index.ts';
import { defined, number, wholeNumber } from './flags.ts';

/** What the flags say of the training; see {@link TrainOptions}. */
export type TrainingFlags = Partial<Omit<TrainOptions, 'betas' | 'eps'>> & { beta1?: number; beta2?: number };

export function addTrainingFlags(command: Command): Command {
  return command
    .optionsGroup('Training (by default as in the preset):')
    .option('--steps <n>', 'updates to make', wholeNumber)
    .option('--batch-size <n>', 'windows of text side by side', wholeNumber)
    .option(
      '--window-length <n>',
      'tokens in a window (default: as many as the model sees; with --from 256)',
      wholeNumber,
    )
    .option('--gradient-accumulation <n>', 'batches averaged into one update', wholeNumber)
    .option('--learning-rate <x>', 'highest learning rate', number)
    .option('--min-learning-rate <x>', 'learning rate at the end', number)
    .option('--warmup-steps <n>', 'steps over which the learning rate rises', wholeNumber)
    .option('--weight-decay <x>', 'pull of matrices towards zero', number)
    .option('--beta1 <x>', 'how slowly the mean gradient forgets', number)
    .option('--beta2 <x>', 'how slowly the mean squared gradient forgets', number)
    .option('--max-grad-norm <x>', 'clip gradients to this norm; inf never clips', number)
    .option('--eval-interval <n>', 'steps between evaluations, which also save', wholeNumber)
    .option('--eval-batches <n>', 'batches in an evaluation', wholeNumber)
    .option('--seed <n>', 'decides initial weights, order of the text, dropout', wholeNumber);
}

/** The options that `flags` ask for; those not given stay as in `base`. */
export function trainOptionsOf(flags: TrainingFlags, base: TrainOptions): TrainOptions {
  const { steps, batchSize, windowLength, gradientAccumulation, learningRate, minLearningRate, warmupSteps } = flags;
  const { weightDecay, maxGradNorm, evalInterval, evalBatches, seed } = flags;
  const sizes = { steps, batchSize, windowLength, gradientAccumulation, evalInterval, evalBatches, seed };
  const rates = { learningRate, minLearningRate, warmupSteps, weightDecay, maxGradNorm };
  if (learningRate !== undefined && minLearningRate === undefined) {
    // The end follows the peak, in the proportion of before.
    rates.minLearningRate = (learningRate * base.minLearningRate) / base.learningRate;
  }
  const betas = [flags.beta1 ?? base.betas[0], flags.beta2 ?? base.betas[1]] as const;
  return { ...base, ...defined({ ...sizes, ...rates }), betas };
}
