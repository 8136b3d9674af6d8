import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { bundledNovelPath, openText, scanCharacters } from '../data/index.ts';
import { ensure } from '../errors.ts';
import { GPT2, type LanguageModel } from '../models/index.ts';
import { loadPretrained } from '../pretrained/index.ts';
import { type CharTokenizer, GPT2Tokenizer, type Tokenizer } from '../tokenizer/index.ts';
import { type CheckpointName, loadCheckpoint } from '../train/index.ts';
import { presets } from './presets.ts';

export interface OpenedModel {
  model: LanguageModel;
  tokenizer: Tokenizer;
  /** What it is, in one line. */
  summary: string;
}

/** What `openModel` accepts, for `--help`. */
export const modelArgument = `a training run's folder, a checkpoint's JSON file in it, a folder in Hugging Face's layout, or, untrained, a preset: ${Object.keys(presets).join(', ')}`;

/** The model and tokenizer behind a name on the command line. */
export async function openModel(name: string, which: CheckpointName): Promise<OpenedModel> {
  const preset = Object.hasOwn(presets, name) ? presets[name] : undefined;
  if (preset) {
    const isCharacters = preset.tokenizer === 'char';
    const tokenizer = isCharacters ? await novelCharacters() : new GPT2Tokenizer();
    const model = new GPT2({ vocabSize: tokenizer.vocabSize, ...preset.model });
    return { model, tokenizer, summary: `${name}, untrained: ${preset.summary}` };
  }
  if (existsSync(join(name, 'config.json'))) {
    const { model, tokenizer } = await loadPretrained(name);
    ensure(tokenizer, `the folder ${name} has no tokenizer; put tokenizer.json, or vocab.json and merges.txt, into it`);
    return { model, tokenizer, summary: `${name}: ${model.architecture}` };
  }
  const { model, tokenizer, path, file } = await loadCheckpoint(name, which);
  return { model, tokenizer, summary: `${path}: ${file.architecture} after step ${file.step}` };
}

/** The characters of the bundled novel, for a model that has read nothing yet. */
async function novelCharacters(): Promise<CharTokenizer> {
  return scanCharacters(await openText(bundledNovelPath));
}
