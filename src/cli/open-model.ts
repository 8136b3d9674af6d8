import { statSync } from 'node:fs';
import { ensure } from '../core/errors.ts';
import { bundledModel, bundledNovelPath } from '../disk/bundled.ts';
import type { DownloadOptions } from '../disk/hub/index.ts';
import { modelPlaces } from '../disk/model-place.ts';
import { type OpenedModel, openedModel, openModel } from '../disk/open-model.ts';
import { openText } from '../disk/open-text.ts';
import { createModel } from '../models/index.ts';
import { scanCharacters } from '../text/index.ts';
import { type CharTokenizer, GPT2Tokenizer, type Tokenizer } from '../tokenizer/index.ts';
import { choiceOf, describeCheckpoint } from './describe-checkpoint.ts';
import { formatBytes, formatCount } from './format.ts';
import { tellOfLargeWeights } from './memory.ts';
import { presetConfig, presets } from './presets.ts';
import { LiveLine, printBelow } from './terminal.ts';

/** A model named on the command line, perhaps without a tokenizer. */
export interface UntokenizedModel extends OpenedModel {
  /** A description in one line. */
  summary: string;
  /** Which of a run's checkpoints it is, where there was a choice; for commands that do not show the summary. */
  choice?: string | undefined;
}

export interface NamedModel extends UntokenizedModel {
  tokenizer: Tokenizer;
}

/** What {@link openNamedModel} accepts, for `--help`. */
export const modelArgument = modelPlaces;
export const modelOrPresetArgument = `${modelArgument}; or, untrained, a preset: ${Object.keys(presets).join(', ')}`;

/** The name of the model that a command uses: the bundled one if none is given, which it says. */
export function givenOrBundled(name: string | undefined): string {
  if (name === undefined)
    console.error(`no model given, so this is ${bundledModel}, the small one that comes with tsgpt`);
  return name ?? bundledModel;
}

/** Whether a name is that of a preset, whose model is untrained. */
export const isPreset = (name: string) => Object.hasOwn(presets, name);

/**
 * Opens the model named on the command line: a trained one, or a preset's untrained one. Throws a TsgptError if it has no tokenizer, as almost every
 * command needs one.
 */
export async function openNamedModel(
  name: string,
  options: { last?: boolean | undefined },
  signal?: AbortSignal,
): Promise<NamedModel> {
  const opened = await openNamedWeights(name, options, signal);
  const { tokenizer, tokenizerProblem } = opened;
  ensure(tokenizer, () => tokenizerProblem!);
  return { ...opened, tokenizer };
}

/** The same for a command that does without a tokenizer; if there is none, `tokenizerProblem` says why. */
export async function openNamedWeights(
  name: string,
  { last }: { last?: boolean | undefined },
  signal?: AbortSignal,
): Promise<UntokenizedModel> {
  if (isPreset(name)) return untrained(name);
  const opened = await showingDownload(name, signal, (hub) =>
    openModel(name, { checkpoint: last ? 'last' : undefined, hub }),
  );
  const { tokenizer, path, family, checkpoint } = opened;
  const remedy = () =>
    statSync(path).isFile() ? 'get a file that has one' : 'put tokenizer.json, or vocab.json and merges.txt, into it';
  const tokenizerProblem = tokenizer ? undefined : (opened.tokenizerProblem ?? `${path} has no tokenizer; ${remedy()}`);
  tellOfLargeWeights(name, opened, 1);
  const summary = checkpoint ? `${path}: ${family} ${describeCheckpoint(checkpoint)}` : `${name}: ${family}`;
  return { ...opened, tokenizerProblem, summary, choice: checkpoint && choiceOf(checkpoint) ? summary : undefined };
}

async function untrained(name: string): Promise<NamedModel> {
  const preset = presets[name]!;
  const tokenizer = preset.tokenizer === 'characters' ? await novelCharacters() : new GPT2Tokenizer();
  const model = createModel(preset.family, presetConfig(preset, tokenizer.vocabSize));
  const { family, config, parameterCount } = model;
  if (parameterCount > 1e8) {
    console.error(
      `${name} is untrained: first ${formatCount(parameterCount)} random weights are made, which takes a while`,
    );
  }
  tellOfLargeWeights(name, model, 2); // as they are made, and as the engine keeps them
  const known = { path: name, family, modelType: family, config, chatTemplate: undefined, stopTokens: [] };
  const summary = `${name}, untrained: ${preset.summary}`;
  return { ...openedModel({ ...known, tokenizer, load: async () => model }), tokenizer, summary };
}

/** The characters of the bundled novel, for an untrained model. */
async function novelCharacters(): Promise<CharTokenizer> {
  return scanCharacters(await openText(bundledNovelPath()));
}

/** Runs something that may download the model `name`, and shows the progress. */
export async function showingDownload<T>(
  name: string,
  signal: AbortSignal | undefined,
  open: (hub: DownloadOptions) => Promise<T>,
): Promise<T> {
  const line = new LiveLine(process.stderr);
  const opened = await open({
    signal,
    onProgress({ bytes, total }) {
      line.show(`downloading ${name}: ${formatBytes(bytes)} of ${formatBytes(total)}`);
    },
    onRetry: ({ problem, seconds }) => printBelow(`${problem}; trying again in ${Math.ceil(seconds)} s`),
  });
  line.clear();
  return opened;
}
