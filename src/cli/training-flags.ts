import { type Command, Option } from 'commander';
import type { OpenedText } from '../disk/open-text.ts';
import { defaultAdamW, type TrainOptions } from '../train/index.ts';
import { optimizerKinds } from '../train/optimizers/index.ts';
import { withOptimizer } from '../train/options.ts';
import { schedules } from '../train/schedule.ts';
import { defined, number, numbers, wholeNumber } from './flags.ts';
import type { ModelFlags } from './model-flags.ts';
import type { TextFlags } from './text-flags.ts';

/** The training options that flags set; see {@link TrainOptions}. */
export type TrainingFlags = Partial<Omit<TrainOptions, 'betas' | 'eps'>> & { beta1?: number; beta2?: number };

/** What the flags of `train` say. */
export interface TrainFlags extends Omit<TrainingFlags, 'order'>, TextFlags {
  out: string;
  weights?: number[];
  epochs?: number;
  pack?: boolean;
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
  /** Takes what must be closed when the training has ended. */
  closeLater?: (opened: { close(): Promise<void> }) => void;
  /** Called with a sentence about how documents fit into windows. */
  onPacking?: (sentence: string) => void;
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
    .addOption(
      new Option('--optimizer <name>', 'what updates the weights (default: adamw)').choices(
        Object.keys(optimizerKinds),
      ),
    )
    .option('--learning-rate <x>', 'highest learning rate', number)
    .option('--min-learning-rate <x>', 'learning rate at the end', number)
    .option('--warmup-steps <n>', 'steps over which the learning rate rises', wholeNumber)
    .addOption(
      new Option(
        '--schedule <name>',
        'how the learning rate falls after that: as half a cosine, in a line, only at the end (wsd: warm-up, stable, decay), or never ' +
          '(default: cosine)',
      ).choices(Object.keys(schedules)),
    )
    .option('--decay-steps <n>', 'steps over which it falls with wsd (default: a fifth of --steps)', wholeNumber)
    .option('--weight-decay <x>', 'pull of matrices towards zero', number)
    .option('--beta1 <x>', "decay rate of AdamW's mean gradient", number)
    .option('--beta2 <x>', "decay rate of AdamW's mean squared gradient", number)
    .option('--momentum <x>', 'share of the momentum that stays, in sgd and muon (defaults: 0.9 and 0.95)', number)
    .option('--nesterov', 'look ahead along the momentum in sgd; muon does so unless --no-nesterov says otherwise')
    .option('--no-nesterov', 'do not look ahead')
    .option('--max-grad-norm <x>', 'clip gradients to this norm; inf never clips', number)
    .option('--eval-interval <n>', 'steps between evaluations; each saves a checkpoint', wholeNumber)
    .option('--patience <n>', 'stop after this many evaluations without a lower validation loss', wholeNumber)
    .option('--eval-windows <n>', 'windows of validation text per evaluation', wholeNumber)
    .option('--epochs <n>', 'learn in passes through the text, so many, instead of --steps', wholeNumber)
    .option('--pack', 'put several documents into a window and cut none that fits; in passes, as with --epochs')
    .option('--separate-documents', 'let each token see only its own document')
    .option('--weights <list>', 'of several texts, how often each comes, such as 0.7,0.3 (default: equally)', numbers)
    .option('--read-ahead <n>', 'batches read before they are needed (default: 1)', wholeNumber)
    .option('--seed <n>', 'seed of initial weights, order of the text, dropout', wholeNumber);
}

/** `given` with the options that `flags` set. Another optimiser brings its own options and learning rate. */
export function trainOptionsOf(flags: Omit<TrainFlags, 'out' | 'model'>, given: TrainOptions): TrainOptions {
  const base = withOptimizer(given, flags.optimizer);
  const { steps, batchSize, windowLength, gradientAccumulation, learningRate, minLearningRate, warmupSteps } = flags;
  const { schedule, decaySteps, weightDecay, momentum, nesterov, maxGradNorm } = flags;
  const { evalInterval, evalWindows, patience, seed, epochs, pack, separateDocuments, readAhead } = flags;
  const sizes = { steps, batchSize, windowLength, gradientAccumulation, evalInterval, evalWindows, patience, seed };
  const rates = { learningRate, minLearningRate, warmupSteps, schedule, decaySteps };
  const updates = { weightDecay, momentum, nesterov, maxGradNorm };
  if (learningRate !== undefined && minLearningRate === undefined) {
    // The final learning rate keeps its ratio to the peak.
    rates.minLearningRate = (learningRate * base.minLearningRate) / base.learningRate;
  }
  const order = pack ? 'packed' : epochs !== undefined && base.order === 'random' ? 'epochs' : base.order;
  const reading = { order, separateDocuments, readAhead };
  const [beta1, beta2] = base.betas ?? defaultAdamW.betas;
  const betas = [flags.beta1 ?? beta1, flags.beta2 ?? beta2] as const;
  const hasBetas = base.betas || flags.beta1 !== undefined || flags.beta2 !== undefined;
  return { ...base, ...defined({ ...sizes, ...rates, ...updates, ...reading }), ...(hasBetas && { betas }) };
}
