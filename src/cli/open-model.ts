import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createLogUpdate } from 'log-update';
import { ensure } from '../core/errors.ts';
import { bundledNovelPath } from '../disk/bundled-novel.ts';
import { downloadModel } from '../disk/hub/index.ts';
import { openText } from '../disk/open-text.ts';
import { isGgufPath, type LoadOptions, loadPretrained } from '../disk/pretrained.ts';
import { type CheckpointName, loadCheckpoint } from '../disk/run/index.ts';
import { GPT2, type LanguageModel } from '../models/index.ts';
import { scanCharacters } from '../text/index.ts';
import { type CharTokenizer, GPT2Tokenizer, type Tokenizer } from '../tokenizer/index.ts';
import { formatBytes } from './format.ts';
import { presets } from './presets.ts';

export interface OpenedModel {
  model: LanguageModel;
  tokenizer: Tokenizer;
  /** What it is, in one line. */
  summary: string;
  /** How it was trained to hold conversations. */
  chatTemplate?: string;
  /** Tokens that end a text, beside the tokenizer's own. */
  stopTokens: readonly number[];
}

/** What `openModel` accepts, for `--help`. */
export const modelArgument =
  "a training run's folder, a checkpoint's JSON file in it, a folder in Hugging Face's layout, a .gguf file, or a model of the hub such as openai-community/gpt2";
export const modelOrPresetArgument = `${modelArgument}; or, untrained, a preset: ${Object.keys(presets).join(', ')}`;

const hubName = /^[\w-][\w.-]*\/[\w-][\w.-]*$/;

/** What a name on the command line stands for, and where it is. */
export interface ModelPlace {
  kind: 'preset' | 'published' | 'run';
  /** Of a preset its name; of a published model its folder or .gguf file; of a run its folder or a checkpoint's JSON file. */
  path: string;
}

/**
 * Finds what a name stands for. A model of the hub is downloaded first, all that it takes to open it or only `files`.
 *
 * @throws TsgptError if it is nothing of all this
 */
export async function locateModel(name: string, signal?: AbortSignal, files?: readonly string[]): Promise<ModelPlace> {
  if (Object.hasOwn(presets, name)) return { kind: 'preset', path: name };
  if (isGgufPath(name)) return { kind: 'published', path: name };
  const isThere = existsSync(name);
  if (!isThere && hubName.test(name) && !name.startsWith('runs/')) {
    return { kind: 'published', path: await download(name, signal, files) };
  }
  const isRunFile = name.endsWith('.json');
  ensure(isThere || isRunFile, `there is no model ${name}: there is nothing of that name; give ${modelArgument}`);
  ensure(!name.endsWith('.safetensors'), `${name} holds only weights; give the folder that it is in`);
  return { kind: existsSync(join(name, 'config.json')) ? 'published' : 'run', path: name };
}

/**
 * The trained model behind a name on the command line, or an untrained one if it is a preset's. With `forDecoder` a published model's
 * weights are not read into memory, see {@link loadPretrained}.
 */
export async function openModel(
  name: string,
  which: CheckpointName,
  signal?: AbortSignal,
  { forDecoder }: LoadOptions = {},
): Promise<OpenedModel> {
  const place = await locateModel(name, signal);
  if (place.kind === 'preset') return untrained(name);
  if (place.kind === 'published') {
    const { model, tokenizer, chatTemplate, stopTokens } = await loadPretrained(place.path, { forDecoder });
    const remedy = isGgufPath(name)
      ? 'get a file that has one'
      : 'put tokenizer.json, or vocab.json and merges.txt, into it';
    ensure(tokenizer, `${place.path} has no tokenizer; ${remedy}`);
    return { model, tokenizer, chatTemplate, stopTokens, summary: `${name}: ${model.architecture}` };
  }
  const { model, tokenizer, path, file } = await loadCheckpoint(name, which);
  return { model, tokenizer, stopTokens: [], summary: `${path}: ${file.architecture} after step ${file.step}` };
}

async function untrained(name: string): Promise<OpenedModel> {
  const preset = presets[name]!;
  const tokenizer = preset.tokenizer === 'char' ? await novelCharacters() : new GPT2Tokenizer();
  const model = new GPT2({ vocabSize: tokenizer.vocabSize, ...preset.model });
  return { model, tokenizer, stopTokens: [], summary: `${name}, untrained: ${preset.summary}` };
}

/** The characters of the bundled novel, for a model that has read nothing yet. */
async function novelCharacters(): Promise<CharTokenizer> {
  return scanCharacters(await openText(bundledNovelPath));
}

/** Downloads what is not in the cache yet, and shows how far it is. */
async function download(name: string, signal?: AbortSignal, files?: readonly string[]): Promise<string> {
  const isLive = process.stderr.isTTY === true;
  const line = createLogUpdate(process.stderr);
  const folder = await downloadModel(name, {
    signal,
    files,
    onProgress: ({ bytes, total }) => {
      if (isLive) line(`downloading ${name}: ${formatBytes(bytes)} of ${formatBytes(total)}`);
    },
    onRetry: ({ problem, seconds }) => console.error(`${problem}; trying again in ${Math.ceil(seconds)} s`),
  });
  if (isLive) line.clear();
  return folder;
}
