import { join } from 'node:path';
import { knownOptions, type OptionNames } from '../core/options.ts';
import type { LanguageModel, PublishedTensor } from '../models/index.ts';
import { huggingFaceTensors } from '../models/lay-out.ts';
import {
  ensureFits,
  type PretrainedToSave,
  type SaveOptions,
  saveOptionNames,
  withProgress,
} from '../pretrained/save-options.ts';
import { writeFolderAtomic } from './atomic-folder.ts';
import { publishedFileNames, publishedFiles, writePublishedFiles } from './published-files.ts';
import { writeSafetensors } from './safetensors.ts';

export interface FolderSaveOptions extends SaveOptions {
  /** Whether to replace a folder that contains such a model and nothing else. Defaults to false. */
  overwrite?: boolean;
}

const folderSaveOptions: OptionNames<FolderSaveOptions> = { overwrite: true, ...saveOptionNames };

/** Every file that {@link savePretrained} writes, and their older equivalents. */
const ownFiles = [...publishedFileNames, 'model.safetensors'];

/**
 * Writes a model as a folder in Hugging Face's layout, completely or not at all; `openModel` and the `from_pretrained` of Python's transformers read it.
 * Weights have the published names and layouts, in float32.
 *
 * The published form of GPT-2 always has biases for query, key and value: zeros if the model has none.
 *
 * @throws TsgptError if the folder exists, is not empty and may not be overwritten; if the published form cannot express the model; or if the files
 * cannot be written
 */
export async function savePretrained(
  folder: string,
  toSave: PretrainedToSave,
  options: FolderSaveOptions = {},
): Promise<void> {
  const { overwrite = false, ...tensorOptions } = knownOptions('savePretrained', options, folderSaveOptions);
  ensureFits(toSave);
  const tensors = huggingFaceTensors(toSave.model);
  const files = publishedFiles(toSave);
  const write = async (temporary: string) => {
    await writeTensors(join(temporary, 'model.safetensors'), tensors, tensorOptions);
    await writePublishedFiles(temporary, files);
  };
  await writeFolderAtomic(folder, write, { mayReplace: (file) => overwrite && ownFiles.includes(file) });
}

/** Writes only the weights, with the published names and layouts. */
export async function saveWeights(path: string, model: LanguageModel, options: SaveOptions = {}): Promise<void> {
  knownOptions('saveWeights', options, saveOptionNames);
  await writeTensors(path, huggingFaceTensors(model), options);
}

async function writeTensors(path: string, tensors: readonly PublishedTensor[], options: SaveOptions): Promise<void> {
  const toMake = withProgress(tensors, options).map((tensor) => ({
    ...tensor,
    data: tensor.make,
    dtype: 'F32' as const,
  }));
  // Python's transformers refuses files that do not say whose layout they have.
  await writeSafetensors(path, toMake, { format: 'pt' });
}
