import { existsSync, statSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import { ensure } from '../core/errors.ts';
import { type OpenedText, openText } from '../disk/open-text.ts';
import { type FolderRun, holdsRun, loadCheckpoint, type TextReading, textTrainingRecord } from '../disk/run/index.ts';
import { ensureUnlocked } from '../disk/run/lock.ts';
import { familyNamed, type LanguageModel } from '../models/index.ts';
import { encodeText, scanCharacters, splitTrainValidation } from '../text/index.ts';
import { GPT2Tokenizer, type Tokenizer } from '../tokenizer/index.ts';
import { checkTrainOptions, initialRandom, type TrainOptions } from '../train/index.ts';
import { defined } from './flags.ts';
import { ensureTrainingFits } from './memory.ts';
import { ensureFlagsOf, type ModelFlags, sharedFields, writtenFlags } from './model-flags.ts';
import { isPreset, openNamedModel } from './open-model.ts';
import { defaultPreset, fineTuning, presets } from './presets.ts';
import { programName } from './program-name.ts';
import { showingProgress } from './reading-display.ts';
import { ensureSpecialTokens, readingOf, type TextFlags } from './text-flags.ts';
import { type TrainingFlags, trainOptionsOf } from './training-flags.ts';

/** What the flags of `train` say. */
export interface TrainFlags extends TrainingFlags, TextFlags {
  out: string;
  preset?: string;
  from?: string;
  family?: string;
  tokenizer?: 'char' | 'gpt2';
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

/** The run that `flags` describe: one to resume, one that starts from a trained model, or one from nothing. */
export async function trainingRun(
  text: string | undefined,
  flags: TrainFlags,
  signal: AbortSignal,
): Promise<FolderRun> {
  await ensureUnlocked(flags.out); // before a long text is read
  if (flags.resume) return resumedRun(text, flags, signal);
  ensure(text, 'train needs a text; give a text file or a folder of them');
  ensure(
    !(await holdsRun(flags.out)),
    `${flags.out} already holds a training run; continue it with --resume, or choose another folder with --out`,
  );
  return flags.from === undefined ? newRun(text, flags, signal) : runFrom(flags.from, text, flags, signal);
}

async function newRun(text: string, flags: TrainFlags, signal: AbortSignal): Promise<FolderRun> {
  const preset = presets[flags.preset ?? defaultPreset]!;
  const family = familyNamed(flags.family ?? preset.family);
  ensureFlagsOf(family, flags.model);
  const reading = readingOf(flags);
  const kind = flags.tokenizer ?? preset.tokenizer;
  const tokenizer = kind === 'gpt2' ? new GPT2Tokenizer() : await charactersOf(text, flags, signal);
  const options = trainOptionsOf(flags, preset.training);
  const own = family.name === preset.family ? preset.model : sharedFields(family, preset.model);
  const shape = { ...own, ...flags.model };
  const config = family.config.complete({ vocabSize: tokenizer.vocabSize, ...shape });
  ensureFits({ family: family.name, config }, options, flags);
  const model = family.create(config, initialRandom(options.seed));
  return { ...(await runOn(text, reading, { model, tokenizer }, flags, signal)), options };
}

/** A run that continues from a trained model. */
async function runFrom(name: string, text: string, flags: TrainFlags, signal: AbortSignal): Promise<FolderRun> {
  const { preset, family, tokenizer: otherTokenizer } = flags;
  const others = Object.keys(defined({ preset, family, tokenizer: otherTokenizer })).map((name) => `--${name}`);
  const { dropRate, ...shape } = flags.model; // dropout belongs to training, not to the weights
  const [conflict] = [...others, ...writtenFlags(shape)];
  ensure(
    conflict === undefined,
    `--from takes a model and its tokenizer as they are, so ${conflict} does not go with it; leave one of them out`,
  );
  ensure(!isPreset(name), `--from needs a trained model, but ${name} is a preset; use --preset ${name}`);
  const opened = await openNamedModel(name, {}, signal);
  if (opened.choice) console.error(opened.choice);
  const loaded = await opened.model();
  const model = dropRate === undefined ? loaded : withDropout(loaded, dropRate);
  const windowLength = Math.min(model.config.contextLength, 256);
  const options = trainOptionsOf(flags, { ...fineTuning, windowLength });
  ensureFits(model, options, flags);
  const { tokenizer, chatTemplate, stopTokens } = opened;
  return {
    ...(await runOn(text, readingOf(flags), { model, tokenizer }, flags, signal)),
    options,
    chatTemplate,
    stopTokens,
  };
}

/** The model with another probability of dropout in training. It has the same weights, not a copy. */
function withDropout(model: LanguageModel, dropRate: unknown): LanguageModel {
  const family = familyNamed(model.family);
  ensureFlagsOf(family, { dropRate });
  const changed = family.create(family.config.parse({ ...model.config, dropRate } as object));
  const weights = model.namedParameters();
  for (const [path, parameter] of changed.namedParameters()) parameter.value = weights.get(path)!.value;
  return changed;
}

async function resumedRun(text: string | undefined, flags: TrainFlags, signal: AbortSignal): Promise<FolderRun> {
  const [conflict] = Object.keys(defined({ from: flags.from, preset: flags.preset }));
  ensure(
    conflict === undefined,
    `--resume continues with the run's own model and settings, so --${conflict} does not go with it; leave one of them out`,
  );
  const checkpoint = await loadCheckpoint(flags.out, 'last');
  const { path, file, model, tokenizer } = checkpoint;
  const { options: before, text: textBefore, sample } = textTrainingRecord(checkpoint);
  ensureSame(path, { family: file.architecture }, defined({ family: flags.family }));
  ensureFlagsOf(familyNamed(file.architecture), flags.model);
  ensureSame(path, file.config, flags.model);
  ensureSame(path, { tokenizer: tokenizer.kind }, defined({ tokenizer: flags.tokenizer }));
  ensureSame(path, { seed: before.seed }, defined({ seed: flags.seed }));
  const options = trainOptionsOf(flags, before);
  const { step } = file;
  const made = step === options.steps ? 'has finished its' : 'has already made';
  ensure(
    step < options.steps,
    `the run in ${flags.out} ${made} ${step} steps; add more, for instance with --steps ${2 * step}`,
  );
  const place = text ?? textBefore.path;
  ensureFits(model, options, flags);
  ensure(
    text !== undefined || existsSync(place),
    `the text of the run in ${flags.out} is no longer at ${place}; say where it is now: ` +
      `${programName()} train <file or folder> --resume --out ${flags.out}`,
  );
  // Older runs read only .txt files of a folder.
  const isFolder = statSync(place, { throwIfNoEntry: false })?.isDirectory() ?? false;
  const readBefore = textBefore.reading ?? (isFolder ? { include: ['*.[tT][xX][tT]'] } : {});
  const reading = { ...readBefore, ...readingOf(flags) };
  const wanted = {
    ...flags,
    prompt: flags.prompt ?? sample?.prompt,
    sampleTokens: flags.sampleTokens ?? sample?.tokens,
  };
  const run = await runOn(place, reading, { model, tokenizer }, wanted, signal, textBefore.trainTokens);
  return { ...run, options, resumeFrom: checkpoint };
}

/** Throws a TsgptError if the options are impossible, or need more memory than there is. */
function ensureFits(model: Pick<LanguageModel, 'family' | 'config'>, options: TrainOptions, flags: TrainFlags): void {
  checkTrainOptions(options);
  ensureTrainingFits(model, options, flags.ignoreMemory);
}

/** A tokenizer for all characters of the text at `path`. */
async function charactersOf(path: string, flags: TrainFlags, signal: AbortSignal): Promise<Tokenizer> {
  const { allowSpecial: _, ...how } = readingOf(flags);
  const source = await openText(path, { ...how, signal });
  return showingProgress(`reading ${basename(path)}`, (onProgress) => scanCharacters(source, { signal, onProgress }));
}

/** A run on the text at `path`. Its end is kept for validation: the tokens after `trainTokens`, or the fraction that the flags ask for. */
async function runOn(
  path: string,
  { allowSpecial, ...how }: TextReading,
  { model, tokenizer }: { model: LanguageModel; tokenizer: Tokenizer },
  { out, prompt = '', sampleTokens = 120, validationFraction, onText }: TrainFlags,
  signal: AbortSignal,
  trainTokens?: number,
): Promise<FolderRun> {
  tokenizer.encode(prompt); // Fail on an unknown character now, not at the first evaluation.
  if (allowSpecial) ensureSpecialTokens(tokenizer);
  const source = await openText(path, { ...how, signal });
  onText?.(source);
  const ids = await showingProgress(`tokenizing ${basename(path)}`, (onProgress) =>
    encodeText(source, tokenizer, { allowSpecial, signal, onProgress }),
  );
  const text =
    trainTokens === undefined || validationFraction !== undefined
      ? splitTrainValidation(ids, validationFraction)
      : { train: ids.subarray(0, trainTokens), validation: ids.subarray(trainTokens) };
  ensure(
    trainTokens === undefined || text.train.length === trainTokens || ids.length < trainTokens,
    `the run in ${out} keeps ${ids.length - (trainTokens ?? 0)} of the ${ids.length} tokens of its text for validation, ` +
      `which --validation-fraction ${validationFraction} would change; leave it out`,
  );
  ensure(sampleTokens >= 0, `--sample-tokens must be at least 0, but is ${sampleTokens}`);
  const sample = { prompt, tokens: sampleTokens };
  return {
    folder: out,
    model,
    tokenizer,
    text,
    textPath: resolve(path),
    textReading: { ...how, allowSpecial },
    sample,
    signal,
  };
}

/** Throws a TsgptError if the flags contradict the run at `path`. */
function ensureSame(path: string, saved: unknown, asked: object): void {
  for (const [name, value] of Object.entries(asked)) {
    const before = (saved as Record<string, unknown>)[name];
    const [flag] = typeof value === 'boolean' ? writtenFlags({ [name]: value }) : [];
    ensure(
      before === value || flag === undefined,
      `${path} belongs to a run without ${flag}; leave the flag out, or start a new run with another --out`,
    );
    ensure(
      before === value,
      `${path} belongs to a run with ${name} ${before}, so it cannot continue with ${name} ${value}; ` +
        'leave the flag out, or start a new run with another --out',
    );
  }
}
