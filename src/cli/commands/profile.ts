import { dirname } from 'node:path';
import { Command } from 'commander';
import { ensure } from '../../core/errors.ts';
import { openCheckpoint } from '../../disk/run/load-checkpoint.ts';
import type { Quantization } from '../../generate/index.ts';
import { profileDecoding, profileTraining } from '../../profile/index.ts';
import type { TrainOptions } from '../../train/index.ts';
import { defined, wholeNumber } from '../flags.ts';
import { helpItems } from '../help.ts';
import { interruptible } from '../interrupt.ts';
import { ensureTrainingFits } from '../memory.ts';
import { isPreset, modelOrPresetArgument, openNamedWeights, type UntokenizedModel } from '../open-model.ts';
import { fineTuning, presets } from '../presets.ts';
import { decodingProfileText, trainingProfileText } from '../profile-text.ts';
import { columnsOf, hanging, LiveLine } from '../terminal.ts';
import { quantizeOption } from '../writing-options.ts';

interface ProfileFlags {
  train?: boolean;
  quantize?: Quantization;
  promptLength?: number;
  position?: number;
  batchSize?: number;
  windowLength?: number;
  gradientAccumulation?: number;
  ignoreMemory?: boolean;
  layers?: boolean;
  json?: boolean;
  last?: boolean;
}

const trainingFlags = ['batchSize', 'windowLength', 'gradientAccumulation', 'ignoreMemory'] as const;
const writingFlags = ['quantize', 'promptLength', 'position'] as const;

export function profileCommand(): Command {
  return new Command('profile')
    .summary('show where time and memory go, in writing or in training')
    .description(
      'Show where the time of reading a prompt and of writing a token goes, or with --train that of a training step: by kind of layer and by ' +
        'operation, and what memory is used for. Nothing is changed or saved.',
    )
    .argument('<model>', modelOrPresetArgument)
    .option('--layers', 'also show every layer')
    .option('--json', 'print everything as JSON')
    .option('--last', "use a training run's last checkpoint instead of its best")
    .optionsGroup('Writing:')
    .addOption(quantizeOption())
    .option('--prompt-length <n>', 'tokens of the prompt (default: 512, if the model sees so many)', wholeNumber)
    .option(
      '--position <n>',
      'tokens before the one that is written (default: 128, if the model sees more)',
      wholeNumber,
    )
    .optionsGroup('Training (defaults: as in the run or preset):')
    .option('--train', 'profile a training step instead')
    .option('--batch-size <n>', 'windows of text in a batch', wholeNumber)
    .option('--window-length <n>', 'tokens in a window', wholeNumber)
    .option('--gradient-accumulation <n>', 'batches averaged into one step', wholeNumber)
    .option('--ignore-memory', 'train even if that seems to take more memory than the machine has')
    .addHelpText(
      'after',
      helpItems('Examples', [
        ['$ tsgpt profile runs/novel --train', 'a training step with the settings of the run'],
        ['$ tsgpt profile gpt2-small --quantize q8 --position 900', 'the 901st token with weights of 8 bits'],
      ]),
    )
    .action((name: string, flags: ProfileFlags) =>
      interruptible('Stopping …', async (signal) => {
        checkFlags(flags);
        const opened = await openNamedWeights(name, flags, signal);
        const text = flags.train ? await training(name, opened, flags, signal) : await writing(opened, flags, signal);
        console.log(text);
      }),
    );
}

function checkFlags(flags: ProfileFlags): void {
  const [other] = (flags.train ? writingFlags : trainingFlags).filter((name) => flags[name] !== undefined);
  const written = other?.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  ensure(
    other === undefined,
    flags.train
      ? `--${written} belongs to writing, and --train profiles training; leave one of them out`
      : `--${written} belongs to training; add --train, or leave it out`,
  );
}

async function training(
  name: string,
  opened: UntokenizedModel,
  flags: ProfileFlags,
  signal: AbortSignal,
): Promise<string> {
  const given = defined({
    batchSize: flags.batchSize,
    windowLength: flags.windowLength,
    gradientAccumulation: flags.gradientAccumulation,
  });
  const { batchSize, gradientAccumulation, ...usual } = { ...(await usualOptions(name, opened)), ...given };
  const windowLength = usual.windowLength ?? opened.config.contextLength;
  const sizes = { batchSize, windowLength, gradientAccumulation };
  ensureTrainingFits(opened, sizes, flags.ignoreMemory);
  const model = await opened.model();
  const profile = await showingWork(() => profileTraining(model, { ...sizes, signal }));
  if (flags.json) return JSON.stringify({ model: opened.summary, ...sizes, ...profile }, null, 2);
  const heading = hanging(opened.summary, columnsOf());
  return `${heading}\n${trainingProfileText(profile, sizes, { width: columnsOf(), layers: flags.layers })}`;
}

/** The settings that `train` would have. */
async function usualOptions(name: string, opened: UntokenizedModel): Promise<TrainOptions> {
  if (isPreset(name)) return presets[name]!.training;
  const { path, checkpoint } = opened;
  // Only a run's last checkpoint has its settings, not its best one.
  const place = checkpoint?.name === 'best' ? dirname(path) : path;
  const options = checkpoint && (await openCheckpoint(place, 'last')).file.training?.options;
  return options ?? { ...fineTuning, windowLength: Math.min(256, opened.config.contextLength) };
}

async function writing(opened: UntokenizedModel, flags: ProfileFlags, signal: AbortSignal): Promise<string> {
  const { quantize } = flags;
  const options = defined({ promptLength: flags.promptLength, position: flags.position });
  const open = () => opened.decoder({ quantize });
  const profile = await showingWork(() => profileDecoding(open, { ...options, signal }));
  if (flags.json) return JSON.stringify({ model: opened.summary, quantize, ...profile }, null, 2);
  const heading = hanging(opened.summary, columnsOf());
  return `${heading}\n${decodingProfileText(profile, { quantize, width: columnsOf(), layers: flags.layers })}`;
}

async function showingWork<T>(work: () => Promise<T>): Promise<T> {
  const line = new LiveLine(process.stderr);
  line.show('measuring …');
  try {
    return await work();
  } finally {
    line.clear();
  }
}
