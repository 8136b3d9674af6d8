import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createLogUpdate } from 'log-update';
import { bundledNovelPath, openText, scanCharacters } from '../data/index.ts';
import { ensure } from '../errors.ts';
import { downloadModel } from '../hub/index.ts';
import { GPT2, type LanguageModel } from '../models/index.ts';
import { isGgufPath, type LoadOptions, loadPretrained } from '../pretrained/index.ts';
import { type CharTokenizer, GPT2Tokenizer, type Tokenizer } from '../tokenizer/index.ts';
import { type CheckpointName, loadCheckpoint } from '../train/index.ts';
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
  if (Object.hasOwn(presets, name)) return untrained(name);
  const isGguf = isGgufPath(name);
  const isOfHub = hubName.test(name) && !isGguf && !name.startsWith('runs/') && !existsSync(name);
  const folder = isOfHub ? await download(name, signal) : name;
  if (isGguf || isOfHub || existsSync(join(folder, 'config.json'))) {
    const { model, tokenizer, chatTemplate, stopTokens } = await loadPretrained(folder, { forDecoder });
    const remedy = isGguf ? 'get a file that has one' : 'put tokenizer.json, or vocab.json and merges.txt, into it';
    ensure(tokenizer, `${folder} has no tokenizer; ${remedy}`);
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
async function download(name: string, signal?: AbortSignal): Promise<string> {
  const isLive = process.stderr.isTTY === true;
  const line = createLogUpdate(process.stderr);
  const folder = await downloadModel(name, {
    signal,
    onProgress: ({ bytes, total }) => {
      if (isLive) line(`downloading ${name}: ${formatBytes(bytes)} of ${formatBytes(total)}`);
    },
    onRetry: ({ problem, seconds }) => console.error(`${problem}; trying again in ${Math.ceil(seconds)} s`),
  });
  if (isLive) line.clear();
  return folder;
}
