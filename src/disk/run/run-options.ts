import type { OptionNames } from '../../core/options.ts';
import type { NextTokenModel } from '../../generate/index.ts';
import type { EncodeOptions, Tokenizer } from '../../tokenizer/index.ts';
import type { LoopOptions } from '../../train/index.ts';
import type { LoadedCheckpoint } from './load-checkpoint.ts';
import type { CheckpointModel, CheckpointToSave } from './save-checkpoint.ts';

export interface RunOptions extends Omit<LoopOptions, 'lastImprovement'> {
  /** The folder for checkpoints, metrics and the loss curve. */
  folder: string;
  model: CheckpointModel & NextTokenModel;
  tokenizer: Tokenizer;
  /** The Jinja template of conversations with the model, kept in its checkpoints. Defaults to that of the resumed run, else to none. */
  chatTemplate?: string | undefined;
  /** Tokens that end a text, besides the tokenizer's own, kept as well. Defaults to those of the resumed run, else to none. */
  stopTokens?: readonly number[] | undefined;
  /** The checkpoint to continue from; `model` must be its model. Defaults to none, which starts a new run. */
  resumeFrom?: LoadedCheckpoint<CheckpointModel>;
  /**
   * Whether the best checkpoint is measured anew before the run goes on, because its loss was measured on other validation data. Defaults to false.
   */
  remeasureBest?: boolean;
  /** Called once before the first step, when everything has been checked and the folder exists. */
  onStart?: () => void;
  /**
   * At every evaluation the model continues `prompt` by `tokens` tokens; 0 tokens mean no sample. `seed` defaults to 0, `allowSpecial` to false; see
   * {@link EncodeOptions}.
   */
  sample?: { prompt: string; tokens: number; seed?: number } & EncodeOptions;
  /** Called when something fails that the run does without: a sample, the drawing of the loss curve. Defaults to a warning of Node's. */
  onWarning?: (message: string) => void;
  /** Further data that checkpoints keep for resuming, besides the trainer's state. */
  record?: NonNullable<CheckpointToSave['training']>['record'];
}

export const runOptionNames: OptionNames<RunOptions> = {
  ...{ chatTemplate: true, stopTokens: true },
  ...{ folder: true, model: true, tokenizer: true, resumeFrom: true, onStart: true, onWarning: true },
  ...{ sample: true, record: true, remeasureBest: true },
  ...{ steps: true, evalInterval: true, patience: true, signal: true, hurry: true },
};
