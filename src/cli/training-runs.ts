import { ensure } from '../core/errors.ts';
import { ensureUnlocked, training } from '../disk/folder-lock.ts';
import { type FolderRun, holdsRun } from '../disk/run/index.ts';
import { familyNamed, type LanguageModel } from '../models/index.ts';
import type { Tokenizer } from '../tokenizer/index.ts';
import { initialRandom } from '../train/index.ts';
import { defined } from './flags.ts';
import { ensureFlagsOf, sharedFields, writtenFlags } from './model-flags.ts';
import { isPreset, openNamedModel } from './open-model.ts';
import { defaultPreset, fineTuning, presets } from './presets.ts';
import { resumedRun } from './resumed-run.ts';
import { ensureFits, runOn } from './run-on-text.ts';
import { remark } from './terminal.ts';
import { readingOf } from './text-flags.ts';
import { isCharacters, namedTokenizer } from './tokenizer-flag.ts';
import { type TrainFlags, trainOptionsOf } from './training-flags.ts';
import { charactersOf, placesOf, shardTokenizer, type TextPlace } from './training-text.ts';

/** The run that `flags` describe: one to resume, one that starts from a trained model, or one from nothing. */
export async function trainingRun(
  paths: readonly string[],
  flags: TrainFlags,
  signal: AbortSignal,
): Promise<FolderRun> {
  await ensureUnlocked(flags.out, training); // before a long text is read
  ensure(
    flags.epochs === undefined || flags.steps === undefined,
    '--epochs and --steps both say how long to train; give one of them',
  );
  if (flags.resume) return resumedRun(paths, flags, signal);
  ensure(paths.length > 0, 'train needs a text; give a text file, a folder of them, or token shards');
  const texts = placesOf(paths, flags.weights);
  ensure(
    !(await holdsRun(flags.out)),
    `${flags.out} already holds a training run; continue it with --resume, or choose another folder with --out`,
  );
  return flags.from === undefined ? newRun(texts, flags, signal) : runFrom(flags.from, texts, flags, signal);
}

async function newRun(texts: readonly TextPlace[], flags: TrainFlags, signal: AbortSignal): Promise<FolderRun> {
  const preset = presets[flags.preset ?? defaultPreset]!;
  const family = familyNamed(flags.family ?? preset.family);
  ensureFlagsOf(family, flags.model);
  const reading = readingOf(flags);
  const tokenizer = await tokenizerOf(
    texts,
    flags.tokenizer ?? (await shardTokenizer(texts)) ?? preset.tokenizer,
    flags,
    signal,
  );
  const options = trainOptionsOf(flags, preset.training);
  const own = family.name === preset.family ? preset.model : sharedFields(family, preset.model);
  const shape = { ...own, ...flags.model };
  const config = family.config.complete({ vocabSize: tokenizer.vocabSize, ...shape });
  ensureFits({ family: family.name, config }, options, flags);
  const model = family.create(config, initialRandom(options.seed));
  return runOn(texts, reading, { model, tokenizer, options }, flags, signal);
}

async function tokenizerOf(
  texts: readonly TextPlace[],
  named: string | Tokenizer,
  flags: TrainFlags,
  signal: AbortSignal,
): Promise<Tokenizer> {
  if (typeof named !== 'string') return named;
  return isCharacters(named) ? charactersOf(texts, flags, signal) : namedTokenizer(named);
}

/** A run that continues from a trained model. */
async function runFrom(
  name: string,
  texts: readonly TextPlace[],
  flags: TrainFlags,
  signal: AbortSignal,
): Promise<FolderRun> {
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
  if (opened.choice) remark(opened.choice);
  const loaded = await opened.model();
  const model = dropRate === undefined ? loaded : withDropout(loaded, dropRate);
  const windowLength = Math.min(model.config.contextLength, 256);
  const options = trainOptionsOf(flags, { ...fineTuning, windowLength });
  ensureFits(model, options, flags);
  const { tokenizer, chatTemplate, stopTokens } = opened;
  return {
    ...(await runOn(texts, readingOf(flags), { model, tokenizer, options }, flags, signal)),
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
