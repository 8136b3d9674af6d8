import { join } from 'node:path';
import { writeFileAtomic } from '../formats/atomic-file.ts';
import { writeFolderAtomic } from '../formats/atomic-folder.ts';
import { writeSafetensors } from '../formats/safetensors.ts';
import type { LanguageModel } from '../models/index.ts';
import type { PublishedTensor } from '../models/published-tensors.ts';
import type { Tokenizer } from '../tokenizer/index.ts';
import { publishedForm } from './publish.ts';
import { ensureFits, type PretrainedToSave, type SaveOptions, withProgress } from './save-options.ts';
import { tokenizerFiles } from './tokenizer-files.ts';

export interface FolderSaveOptions extends SaveOptions {
  /** Whether a folder that holds such a model and nothing else is replaced. */
  overwrite?: boolean;
}

/** Every file of a folder that {@link savePretrained} writes, and some that say the same in older ones. */
const ownFiles = [
  ...['config.json', 'generation_config.json', 'model.safetensors', 'tokenizer.json', 'tokenizer_config.json'],
  ...['special_tokens_map.json', 'chat_template.jinja', 'vocab.json', 'merges.txt', 'added_tokens.json'],
];

/**
 * Writes a model as a folder in the layout of Hugging Face, completely or not at all; `loadPretrained` reads it back, and Python's
 * transformers with `from_pretrained`. Weights have the published names and layouts, in float32.
 *
 * The published form of GPT-2 always has biases for query, key and value: zeros where a model has none.
 *
 * @throws TsgptError if the folder exists and is not empty, unless it may be overwritten; if the published form cannot express the model; or
 * if the files cannot be written
 */
export async function savePretrained(
  folder: string,
  toSave: PretrainedToSave,
  { overwrite = false, ...options }: FolderSaveOptions = {},
): Promise<void> {
  const { model, tokenizer, chatTemplate, stopTokens = [] } = toSave;
  ensureFits(toSave);
  const { config, tensors } = publishedForm(model);
  const ids = tokenizer ? idsOfRoles(tokenizer, stopTokens) : {};
  const files: Record<string, unknown> = {
    'config.json': { ...config, bos_token_id: null, eos_token_id: null, ...ids },
    'generation_config.json': { _from_model_config: true, ...ids },
  };
  if (tokenizer) {
    const { tokenizer: file, config: settings } = tokenizerFiles(tokenizer);
    files['tokenizer.json'] = file;
    const { contextLength } = model.config;
    const template = chatTemplate === undefined ? {} : { chat_template: chatTemplate };
    files['tokenizer_config.json'] = { model_max_length: contextLength, ...settings, ...template };
  }
  const write = async (temporary: string) => {
    await writeTensors(join(temporary, 'model.safetensors'), tensors, options);
    for (const [name, contents] of Object.entries(files)) {
      await writeFileAtomic(join(temporary, name), `${JSON.stringify(contents, null, 2)}\n`);
    }
  };
  await writeFolderAtomic(folder, write, { mayReplace: (file) => overwrite && ownFiles.includes(file) });
}

/** Writes only the weights, under the names and in the layouts that they are published with. */
export async function saveWeights(path: string, model: LanguageModel, options: SaveOptions = {}): Promise<void> {
  await writeTensors(path, publishedForm(model).tensors, options);
}

async function writeTensors(path: string, tensors: readonly PublishedTensor[], options: SaveOptions): Promise<void> {
  const toMake = withProgress(tensors, options).map((tensor) => ({ ...tensor, dtype: 'F32' as const }));
  // Python's transformers refuses files that do not say which library's layout they have.
  await writeSafetensors(path, toMake, { format: 'pt' });
}

/** The tokens that begin and end a text, as both configurations name them. */
function idsOfRoles(tokenizer: Tokenizer, stopTokens: readonly number[]): Record<string, unknown> {
  const { bosToken, beginOfTextIds = [], endOfTextId } = tokenizer;
  const [bos, ...more] = bosToken === undefined ? beginOfTextIds : tokenizer.encode(bosToken, { allowSpecial: true });
  const ends = [...new Set([...(endOfTextId === undefined ? [] : [endOfTextId]), ...stopTokens])];
  return {
    ...(bos !== undefined && more.length === 0 && { bos_token_id: bos }),
    ...(ends.length > 0 && { eos_token_id: ends.length === 1 ? ends[0] : ends }),
  };
}
