import { join } from 'node:path';
import type { LanguageModel, PublishedTensor } from '../models/index.ts';
import { huggingFaceTensors } from '../models/lay-out.ts';
import { ensureFits, type PretrainedToSave, type SaveOptions, withProgress } from '../pretrained/save-options.ts';
import { writeFolderAtomic } from './atomic-folder.ts';
import { publishedFileNames, publishedFiles, writePublishedFiles } from './published-files.ts';
import { writeSafetensors } from './safetensors.ts';

export interface FolderSaveOptions extends SaveOptions {
  /** Whether a folder that holds such a model and nothing else is replaced. */
  overwrite?: boolean;
}

/** Every file of a folder that {@link savePretrained} writes, and some that say the same in older ones. */
const ownFiles = [...publishedFileNames, 'model.safetensors'];

/**
 * Writes a model as a folder in the layout of Hugging Face, completely or not at all; `openModel` reads it back, and Python's
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
  ensureFits(toSave);
  const tensors = huggingFaceTensors(toSave.model);
  const files = publishedFiles(toSave);
  const write = async (temporary: string) => {
    await writeTensors(join(temporary, 'model.safetensors'), tensors, options);
    await writePublishedFiles(temporary, files);
  };
  await writeFolderAtomic(folder, write, { mayReplace: (file) => overwrite && ownFiles.includes(file) });
}

/** Writes only the weights, under the names and in the layouts that they are published with. */
export async function saveWeights(path: string, model: LanguageModel, options: SaveOptions = {}): Promise<void> {
  await writeTensors(path, huggingFaceTensors(model), options);
}

async function writeTensors(path: string, tensors: readonly PublishedTensor[], options: SaveOptions): Promise<void> {
  const toMake = withProgress(tensors, options).map((tensor) => ({
    ...tensor,
    data: tensor.make,
    dtype: 'F32' as const,
  }));
  // Python's transformers refuses files that do not say which library's layout they have.
  await writeSafetensors(path, toMake, { format: 'pt' });
}
