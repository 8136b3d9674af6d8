import { join, relative, resolve } from 'node:path';
import { Command, Option } from 'commander';
import { ensure } from '../../core/errors.ts';
import { openText } from '../../disk/open-text.ts';
import {
  curveOf,
  type FolderRun,
  holdsRun,
  loadCheckpoint,
  readMetrics,
  textTrainingRecord,
  trainInFolder,
} from '../../disk/run/index.ts';
import { createModel } from '../../models/index.ts';
import { encodeText, scanCharacters, splitTrainValidation } from '../../text/index.ts';
import { GPT2Tokenizer, type Tokenizer } from '../../tokenizer/index.ts';
import { initialRandom, type TrainOptions } from '../../train/index.ts';
import { defined, number, wholeNumber } from '../flags.ts';
import { formatInteger } from '../format.ts';
import { interruptible } from '../interrupt.ts';
import { presets } from '../presets.ts';
import { lossChart, TrainDisplay } from '../train-display.ts';

interface ModelFlags {
  contextLength?: number;
  embDim?: number;
  nHeads?: number;
  nLayers?: number;
  dropRate?: number;
  qkvBias?: boolean;
  tiedHead?: boolean;
}

type TrainFlags = ModelFlags &
  Partial<Omit<TrainOptions, 'betas'>> & {
    beta1?: number;
    beta2?: number;
    out: string;
    preset: string;
    tokenizer?: 'char' | 'gpt2';
    validationFraction?: number;
    resume?: boolean;
    prompt: string;
    sampleTokens: number;
  };

export function trainCommand(): Command {
  const presetList = Object.entries(presets).map(([name, { summary }]) => `  ${name.padEnd(14)}${summary}`);
  return new Command('train')
    .summary('train a GPT on a text')
    .description('Train a GPT on a text file, or a folder of .txt files. Ctrl-C saves and ends; --resume goes on.')
    .argument('[text]', 'the text to learn from; with --resume, by default the same as before')
    .option('-o, --out <folder>', 'where checkpoints, metrics and the loss curve go', 'runs/latest')
    .addOption(
      new Option('-p, --preset <name>', 'model and settings a new run starts from')
        .choices(Object.keys(presets))
        .default('char-small'),
    )
    .addOption(new Option('--tokenizer <kind>', 'how text becomes tokens').choices(['char', 'gpt2']))
    .option('--resume', 'go on with the run in --out, exactly as if it had never stopped')
    .option('--validation-fraction <share>', 'share of the text, at its end, kept for measuring (default: 0.1)', number)
    .optionsGroup('Model (by default as in the preset):')
    .option('--context-length <n>', 'how many tokens the model sees at once', wholeNumber)
    .option('--emb-dim <n>', 'width: how many numbers stand for a token', wholeNumber)
    .option('--n-heads <n>', 'attention heads in each block', wholeNumber)
    .option('--n-layers <n>', 'transformer blocks', wholeNumber)
    .option('--drop-rate <p>', 'probability of dropout while training', number)
    .option('--qkv-bias', 'give queries, keys and values a bias')
    .option('--no-tied-head', 'give the output head a matrix of its own')
    .optionsGroup('Training (by default as in the preset):')
    .option('--steps <n>', 'updates to make', wholeNumber)
    .option('--batch-size <n>', 'windows of text side by side', wholeNumber)
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
    .option('--seed <n>', 'decides initial weights, order of the text, dropout', wholeNumber)
    .optionsGroup('Samples written at each evaluation:')
    .option('--prompt <text>', 'what the samples begin with', '')
    .option('--sample-tokens <n>', 'how long they are; 0 for none', wholeNumber, 120)
    .addHelpText('after', `\nPresets:\n${presetList.join('\n')}`)
    .action((text: string | undefined, flags: TrainFlags) =>
      interruptible('Stopping: the run is saved after this step …', async (signal) => {
        await trainAndShow(await (flags.resume ? resumedRun : newRun)(text, flags, signal));
      }),
    );
}

/** A run as the flags describe it, on a fresh model. */
export async function newRun(text: string | undefined, flags: TrainFlags, signal: AbortSignal): Promise<FolderRun> {
  ensure(text, 'train needs a text to learn from: give a text file or a folder of .txt files');
  ensure(
    !holdsRun(flags.out),
    `${flags.out} already holds a training run; continue it with --resume, or choose another folder with --out`,
  );
  const preset = presets[flags.preset]!;
  const source = await openText(text);
  const kind = flags.tokenizer ?? preset.tokenizer;
  const tokenizer = kind === 'gpt2' ? new GPT2Tokenizer() : await scanCharacters(source, { signal });
  const options = { ...preset.training, ...trainingFlags(flags, preset.training) };
  const config = { vocabSize: tokenizer.vocabSize, ...preset.model, ...modelFlags(flags) };
  const model = createModel('gpt2', config, initialRandom(options.seed));
  const ids = await encodeText(source, tokenizer, { signal });
  const parts = splitTrainValidation(ids, flags.validationFraction);
  return { ...common(flags, tokenizer, signal), text: parts, model, textPath: resolve(text), options };
}

async function resumedRun(text: string | undefined, flags: TrainFlags, signal: AbortSignal): Promise<FolderRun> {
  const checkpoint = await loadCheckpoint(flags.out, 'last');
  const { model, tokenizer } = checkpoint;
  const { options: before, text: textBefore } = textTrainingRecord(checkpoint);
  ensureSame(checkpoint.path, checkpoint.file.config, modelFlags(flags));
  ensureSame(checkpoint.path, { tokenizer: tokenizer.kind }, defined({ tokenizer: flags.tokenizer }));
  ensureSame(checkpoint.path, { seed: before.seed }, defined({ seed: flags.seed }));
  const options = { ...before, ...trainingFlags(flags, before) };
  const textPath = text === undefined ? textBefore.path : resolve(text);
  const ids = await encodeText(await openText(textPath), tokenizer, { signal });
  const { trainTokens } = textBefore;
  const parts =
    flags.validationFraction === undefined
      ? { train: ids.subarray(0, trainTokens), validation: ids.subarray(trainTokens) }
      : splitTrainValidation(ids, flags.validationFraction);
  return { ...common(flags, tokenizer, signal), text: parts, model, textPath, options, resumeFrom: checkpoint };
}

function common(flags: TrainFlags, tokenizer: Tokenizer, signal: AbortSignal) {
  tokenizer.encode(flags.prompt); // Better to learn of a character it does not know now than at the first evaluation.
  return {
    folder: flags.out,
    tokenizer,
    sample: flags.sampleTokens > 0 ? { prompt: flags.prompt, tokens: flags.sampleTokens } : undefined,
    signal,
  };
}

/** The flags that were given and describe the model. */
function modelFlags(flags: ModelFlags): Partial<ModelFlags> {
  const { contextLength, embDim, nHeads, nLayers, dropRate, qkvBias, tiedHead } = flags;
  // Commander sets --no-tied-head's opposite by itself.
  return defined({
    contextLength,
    embDim,
    nHeads,
    nLayers,
    dropRate,
    qkvBias,
    tiedHead: tiedHead ? undefined : tiedHead,
  });
}

/** The flags that were given and describe the training; those not given stay as in `base`. */
function trainingFlags(flags: TrainFlags, base: TrainOptions): Partial<TrainOptions> {
  const { steps, batchSize, gradientAccumulation, learningRate, minLearningRate, warmupSteps } = flags;
  const { weightDecay, maxGradNorm, evalInterval, evalBatches, seed } = flags;
  const sizes = { steps, batchSize, gradientAccumulation, evalInterval, evalBatches, seed };
  const rates = { learningRate, minLearningRate, warmupSteps, weightDecay, maxGradNorm };
  if (learningRate !== undefined && minLearningRate === undefined) {
    // The end follows the peak, in the proportion of before.
    rates.minLearningRate = (learningRate * base.minLearningRate) / base.learningRate;
  }
  return {
    ...defined({ ...sizes, ...rates }),
    betas: [flags.beta1 ?? base.betas[0], flags.beta2 ?? base.betas[1]],
  };
}

/** Throws if the flags ask for another model than the checkpoint at `path` holds. */
function ensureSame(path: string, saved: unknown, asked: object): void {
  for (const [name, value] of Object.entries(asked)) {
    const before = (saved as Record<string, unknown>)[name];
    ensure(
      before === value,
      `${path} is of a run with ${name} ${before}, so it cannot go on with ${name} ${value}; ` +
        'leave the flag out, or start a new run with another --out',
    );
  }
}

/** Trains, showing progress, and at the end what came of it. */
export async function trainAndShow(run: FolderRun): Promise<void> {
  console.log(describeRun(run));
  const display = new TrainDisplay();
  for await (const report of trainInFolder(run)) display.show(report);
  display.end();
  const entries = await readMetrics(join(run.folder, 'metrics.jsonl'));
  if (entries.length === 0) return; // interrupted before there was anything to save
  console.log(`\n${lossChart(curveOf({ entries }))}\n`);
  console.log(
    `Saved in ${run.folder}: the last and the best checkpoint, metrics.jsonl, and the loss curve as loss.svg.`,
  );
  if (run.signal?.aborted) console.log(`Go on with: tsgpt train --resume --out ${run.folder}`);
}

function describeRun({ model, text, textPath = '', tokenizer, resumeFrom }: FolderRun): string {
  const tokens = `${formatInteger(text.train.length)} tokens to learn from and ${formatInteger(text.validation.length)}`;
  const begin = resumeFrom ? `Going on after step ${formatInteger(resumeFrom.file.step)} with` : 'Training';
  return (
    `${begin} a ${describeModel(model)} on ${relative('.', textPath)}:\n` +
    `${tokens} to measure with, of ${formatInteger(tokenizer.vocabSize)} different ones.\n`
  );
}

function describeModel(model: FolderRun['model']): string {
  const parameters = [...model.namedParameters().values()].reduce((sum, { size }) => sum + size, 0);
  return `${model.architecture} of ${formatInteger(parameters)} parameters`;
}
