import { join } from 'node:path';
import { describeValue } from '../core/describe-value.ts';
import { ensure } from '../core/errors.ts';
import { ensureKind } from '../core/kind.ts';
import { knownOptions, type OptionNames } from '../core/options.ts';
import { toBFloat16, toFloat16 } from '../formats/half-floats.ts';
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

/** How weights are stored, by the names of safetensors: as floating-point numbers of 32 or 16 bits. */
export type WeightDtype = keyof typeof pythonNames;

/** The names that `config.json` has for them. */
const pythonNames = { F32: 'float32', F16: 'float16', BF16: 'bfloat16' } as const;

export interface WeightSaveOptions extends SaveOptions {
  /** Defaults to 'F32'. Numbers are rounded to the nearest; a weight beyond 65,504 is too large for 'F16'. */
  dtype?: WeightDtype;
}

const weightSaveOptions: OptionNames<WeightSaveOptions> = { dtype: true, ...saveOptionNames };

export interface FolderSaveOptions extends WeightSaveOptions {
  /** Whether to replace a folder that contains such a model and nothing else. Defaults to false. */
  overwrite?: boolean;
}

const folderSaveOptions: OptionNames<FolderSaveOptions> = { overwrite: true, ...weightSaveOptions };

/** Every file that {@link savePretrained} writes, and their older equivalents. */
const ownFiles = [...publishedFileNames, 'model.safetensors'];

/**
 * Writes a model as a folder in Hugging Face's layout, completely or not at all; `openModel` and the `from_pretrained` of Python's transformers
 * read it. Weights have the published names and layouts.
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
  const { dtype = 'F32' } = tensorOptions;
  ensureDtype(dtype);
  const files = publishedFiles(toSave);
  files['config.json'] = { ...files['config.json'], torch_dtype: pythonNames[dtype] };
  const write = async (temporary: string) => {
    await writeTensors(join(temporary, 'model.safetensors'), tensors, tensorOptions);
    await writePublishedFiles(temporary, files);
  };
  await writeFolderAtomic(folder, write, { mayReplace: (file) => overwrite && ownFiles.includes(file) });
}

/** Writes only the weights, with the published names and layouts. */
export async function saveWeights(path: string, model: LanguageModel, options: WeightSaveOptions = {}): Promise<void> {
  knownOptions('saveWeights', options, weightSaveOptions);
  ensureKind('saveWeights', 'a language model', model, 'config', 'family', 'namedParameters');
  ensureDtype(options.dtype ?? 'F32');
  await writeTensors(path, huggingFaceTensors(model), options);
}

function ensureDtype(dtype: unknown): void {
  ensure(
    Object.hasOwn(pythonNames, dtype as string),
    () => `dtype must be one of ${Object.keys(pythonNames).join(', ')}, but is ${describeValue(dtype)}`,
  );
}

async function writeTensors(
  path: string,
  tensors: readonly PublishedTensor[],
  { dtype = 'F32', ...options }: WeightSaveOptions,
): Promise<void> {
  const toMake = withProgress(tensors, options).map(({ make, ...tensor }) => ({
    ...tensor,
    data: () => (dtype === 'F32' ? make() : narrowed(tensor.name, make(), dtype)),
    dtype,
  }));
  // Python's transformers refuses files that do not say whose layout they have.
  await writeSafetensors(path, toMake, { format: 'pt' });
}

/** The weights of a tensor as bit patterns of 16. Infinities and NaN stay what they are; finite numbers must stay finite. */
function narrowed(name: string, data: Float32Array, dtype: 'F16' | 'BF16'): Uint16Array {
  const [narrow, infinity] = dtype === 'F16' ? [toFloat16, 0x7c00] : [toBFloat16, 0x7f80];
  const patterns = new Uint16Array(data.length);
  for (const [i, value] of data.entries()) {
    patterns[i] = narrow(value);
    ensure(
      (patterns[i]! & 0x7fff) !== infinity || !Number.isFinite(value),
      () =>
        `tensor ${name} cannot be written as ${dtype}: it has the value ${value}, which is too large; write it as F32`,
    );
  }
  return patterns;
}
