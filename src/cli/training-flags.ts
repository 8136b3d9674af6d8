import type { Command } from 'commander';
import type { OpenedText } from '../disk/open-text.ts';
import type { TrainOptions } from '../train/index.ts';
import { defined, number, wholeNumber } from './flags.ts';
import type { ModelFlags } from './model-flags.ts';
import type { TextFlags } from './text-flags.ts';

/** The training options that flags set; see {@link TrainOptions}. */
export type TrainingFlags = Partial<Omit<TrainOptions, 'betas' | 'eps'>> & { beta1?: number; beta2?: number };

/** What the flags of `train` say. */
export interface TrainFlags extends TrainingFlags, TextFlags {
  out: string;
  preset?: string;
  from?: string;
  family?: string;
  /** `characters`, `gpt2`, or the path of another tokenizer. */
  tokenizer?: string;
  validationFraction?: number;
  resume?: boolean;
  ignoreMemory?: boolean;
  prompt?: string;
  sampleTokens?: number;
  /** The flags of the model's configuration. */
  model: ModelFlags;
  /** Called when the text has been opened, before it is read. */
  onText?: (text: OpenedText) => void;
}

export function addTrainingFlags(command: Command): Command {
  return command
    .optionsGroup('Training (defaults: as in the preset):')
    .option('--steps <n>', 'number of training steps', wholeNumber)
    .option('--batch-size <n>', 'windows of text in a batch', wholeNumber)
    .option(
      '--window-length <n>',
      "tokens in a window (default: the model's context length; with --from 256)",
      wholeNumber,
    )
    .option('--gradient-accumulation <n>', 'batches averaged into one step', wholeNumber)
    .option('--learning-rate <x>', 'highest learning rate', number)
    .option('--min-learning-rate <x>', 'learning rate at the end', number)
    .option('--warmup-steps <n>', 'steps over which the learning rate rises', wholeNumber)
    .option('--weight-decay <x>', 'pull of matrices towards zero', number)
    .option('--beta1 <x>', "decay rate of AdamW's mean gradient", number)
    .option('--beta2 <x>', "decay rate of AdamW's mean squared gradient", number)
    .option('--max-grad-norm <x>', 'clip gradients to this norm; inf never clips', number)
    .option('--eval-interval <n>', 'steps between evaluations; each saves a checkpoint', wholeNumber)
    .option('--eval-windows <n>', 'windows of validation text per evaluation', wholeNumber)
    .option('--seed <n>', 'seed of initial weights, order of the text, dropout', wholeNumber);
}

/** `base` with the options that `flags` set. */
export function trainOptionsOf(flags: TrainingFlags, base: TrainOptions): TrainOptions {
  const { steps, batchSize, windowLength, gradientAccumulation, learningRate, minLearningRate, warmupSteps } = flags;
  const { weightDecay, maxGradNorm, evalInterval, evalWindows, seed } = flags;
  const sizes = { steps, batchSize, windowLength, gradientAccumulation, evalInterval, evalWindows, seed };
  const rates = { learningRate, minLearningRate, warmupSteps, weightDecay, maxGradNorm };
  if (learningRate !== undefined && minLearningRate === undefined) {
    // The final learning rate keeps its ratio to the peak.
    rates.minLearningRate = (learningRate * base.minLearningRate) / base.learningRate;
  }
  const betas = [flags.beta1 ?? base.betas[0], flags.beta2 ?? base.betas[1]] as const;
  return { ...base, ...defined({ ...sizes, ...rates }), betas };
}
