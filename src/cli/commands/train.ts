import { join, relative } from 'node:path';
import { Command, Option } from 'commander';
import type { OpenedText } from '../../disk/open-text.ts';
import { curveOf, type FolderReport, type FolderRun, readMetrics, trainInFolder } from '../../disk/run/index.ts';
import { completeTrainOptions, type TrainOptions, tokenCount } from '../../train/index.ts';
import { number, wholeNumber } from '../flags.ts';
import { counted, formatInteger } from '../format.ts';
import { helpItems } from '../help.ts';
import { interruptible } from '../interrupt.ts';
import { addModelFlags, givenModelFlags } from '../model-flags.ts';
import { modelArgument } from '../open-model.ts';
import { defaultPreset, presets } from '../presets.ts';
import { programName } from '../program-name.ts';
import { columnsOf, decorate, hanging, warn } from '../terminal.ts';
import { addTextOptions, tellLeftOut } from '../text-flags.ts';
import { tokenizerNames } from '../tokenizer-flag.ts';
import { lossChart, TrainDisplay } from '../train-display.ts';
import { addTrainingFlags, type TrainFlags } from '../training-flags.ts';
import { trainingRun } from '../training-runs.ts';

/** What Ctrl-C says. */
export const stopping = {
  finish: 'Stopping after this step: the run is measured and saved … (Ctrl-C again saves without measuring)',
  save: 'Stopping: the run is saved …',
};

const stoppedEarly = 'Stopped before the first step; nothing was saved.';

export function trainCommand(): Command {
  const presetItems = Object.entries(presets).map(([name, { summary }]) => [name, summary] as const);
  const command = new Command('train')
    .summary('train a GPT on a text')
    .description('Train a GPT on a text file, or a folder of them. Ctrl-C saves and stops; --resume continues.')
    .argument(
      '[texts...]',
      'the text to train on, or a folder that "data prepare" wrote; several make a mixture (default with --resume: the same as before)',
    )
    .option('-o, --out <folder>', 'folder for checkpoints, metrics and the loss curve', 'runs/latest')
    .addOption(
      new Option('-p, --preset <name>', `the model and settings of a new run (default: "${defaultPreset}")`).choices(
        Object.keys(presets),
      ),
    )
    .option('--tokenizer <name>', `how to turn text into tokens: ${tokenizerNames} (default: as in the preset)`)
    .option('--from <model>', `continue from a trained model, with its tokenizer and chat template: ${modelArgument}`)
    .option('--ignore-memory', 'train even if that seems to take more memory than the machine has')
    .option('--resume', 'continue the run in --out, exactly as if it had never stopped')
    .option(
      '--validation-fraction <share>',
      'share of the text, at its end, kept for validation (default: 0.1)',
      number,
    );
  command.optionsGroup('Text:');
  addTextOptions(command);
  addModelFlags(command);
  addTrainingFlags(command);
  return command
    .optionsGroup('Samples written at each evaluation:')
    .option('--prompt <text>', 'what the samples begin with (default: nothing)')
    .option('--sample-tokens <n>', 'tokens in each; 0 for no samples (default: 120)', wholeNumber)
    .addHelpText('after', helpItems('Presets', presetItems))
    .action((texts: string[], flags: Omit<TrainFlags, 'model'>) =>
      interruptible(stopping, async (signal, hurry) => {
        const onText = (text: OpenedText) => tellLeftOut(text, command);
        const onPacking = (sentence: string) => console.log(hanging(sentence, columnsOf()));
        const given = { model: givenModelFlags(command), onText, onPacking };
        const opened: { close(): Promise<void> }[] = [];
        const closeLater = (shards: { close(): Promise<void> }) => void opened.push(shards);
        try {
          const run = await trainingRun(texts, { ...flags, ...given, closeLater }, signal).catch((error) => {
            if (error === signal.reason) console.log(stoppedEarly);
            throw error;
          });
          await trainAndShow({ ...run, hurry });
        } finally {
          await Promise.all(opened.map((shards) => shards.close()));
        }
      }),
    );
}

/** Trains, shows the progress, and prints a summary at the end. */
export async function trainAndShow(run: FolderRun): Promise<void> {
  const display = new TrainDisplay();
  const onStart = () => console.log(hanging(describeRun(run), columnsOf()));
  let last: FolderReport | undefined;
  for await (const report of trainInFolder({ ...run, onStart, onWarning: warn })) {
    display.show(report);
    last = report;
  }
  display.end();
  const entries = await readMetrics(join(run.folder, 'metrics.jsonl'));
  if (entries.length === 0) return console.log(stoppedEarly);
  const curve = curveOf({ entries });
  if (curve.train.length > 0 || curve.validation.length > 0) {
    decorate('the loss curve', () => console.log(`\n${lossChart(curve)}\n`));
  }
  const saved = `Saved in ${run.folder} after step ${formatInteger(entries.at(-1)!.step)}: the last and the best checkpoint, metrics.jsonl, and the loss curve as loss.svg.`;
  if (last?.outOfPatience) console.log(hanging(describeEnd(last), columnsOf()));
  console.log(hanging(saved, columnsOf()));
  if (run.signal?.aborted) console.log(`Continue with: ${programName()} train --resume --out ${run.folder}`);
}

/** Why a run ended before its last step. */
function describeEnd({ step, lastImprovement }: FolderReport): string {
  const { step: best, validationLoss } = lastImprovement!;
  return (
    `Stopped at step ${formatInteger(step)}: the validation loss has not fallen since step ${formatInteger(best)}, ` +
    `where it was ${validationLoss.toFixed(4)}. That is the best checkpoint.`
  );
}

function describeRun({ model, text, textPath = '', mixture, tokenizer, resumeFrom, options }: FolderRun): string {
  const tokens = `${formatInteger(tokenCount(text.train))} tokens to learn from and ${formatInteger(tokenCount(text.validation))}`;
  const begin = resumeFrom ? `Continuing after step ${formatInteger(resumeFrom.file.step)} with` : 'Training';
  return (
    `${begin} a ${describeModel(model)} on ${mixture ? describeMixture(mixture) : shortest(textPath)}:\n` +
    `${tokens} to measure with, of ${formatInteger(tokenizer.vocabSize)} different ones.\n` +
    describeSteps(completeTrainOptions(options ?? {}), model.config)
  );
}

/** "2,000 steps of 12 windows of 64 tokens; learning rate 0.003, falling to 0.0003." */
function describeSteps(options: TrainOptions, { contextLength }: FolderRun['model']['config']): string {
  const { steps, batchSize, gradientAccumulation, windowLength = contextLength } = options;
  const batches = gradientAccumulation > 1 ? `${gradientAccumulation} × ${batchSize}` : `${batchSize}`;
  const context =
    windowLength === contextLength ? 'the whole context' : `of a context of ${formatInteger(contextLength)}`;
  return (
    `${counted(steps, 'step')} of ${batches} windows of ${counted(windowLength, 'token')}, ${context}; ` +
    `${describeRate(options)}.\n`
  );
}

/** "learning rate 0.003, falling to 0.0003", with the optimiser unless it is AdamW. */
function describeRate({ optimizer, schedule, learningRate, minLearningRate, ...options }: TrainOptions): string {
  const written = (rate: number) => `${Number(rate.toPrecision(12))}`;
  const { decaySteps = Math.round(options.steps / 5) } = options;
  const fall = { cosine: '', linear: ' in a line', wsd: ` over the last ${counted(decaySteps, 'step')}`, constant: '' }[
    schedule
  ];
  const falls = schedule !== 'constant' && minLearningRate < learningRate;
  const rate = `learning rate ${written(learningRate)}${falls ? `, falling${fall} to ${written(minLearningRate)}` : ''}`;
  return optimizer === 'adamw' ? rate : `${optimizer}, ${rate}`;
}

/** "a.txt (weight 3) and b.txt (weight 1)" */
function describeMixture(mixture: NonNullable<FolderRun['mixture']>): string {
  const parts = mixture.map(({ path, weight }) => `${shortest(path)} (weight ${weight})`);
  return `${parts.slice(0, -1).join(', ')} and ${parts.at(-1)}`;
}

/** A path as it is or from the current folder. */
function shortest(path: string): string {
  const fromHere = relative('.', path);
  return fromHere.length < path.length ? fromHere : path;
}

function describeModel(model: FolderRun['model']): string {
  const parameters = [...model.namedParameters().values()].reduce((sum, { size }) => sum + size, 0);
  return `${model.family} of ${formatInteger(parameters)} parameters`;
}
