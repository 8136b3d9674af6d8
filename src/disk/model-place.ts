import { existsSync, readdirSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { ensure, TsgptError } from '../core/errors.ts';
import { type DownloadOptions, downloadModel } from './hub/index.ts';
import { fileKind } from './model-file-kind.ts';

/** The place and format of a model. */
export interface ModelPlace {
  kind: 'run' | 'folder' | 'gguf';
  /** A training run's folder or the JSON file of a checkpoint in it; a folder in Hugging Face's layout; or a GGUF file. */
  path: string;
}

/** The places that `openModel` accepts, in words. */
export const modelPlaces =
  "a training run's folder, a checkpoint's JSON file in it, a folder in Hugging Face's layout, a GGUF file, or a model of the hub such as openai-community/gpt2";

const hubName = /^[\w-][\w.-]*\/[\w-][\w.-]*$/;

/**
 * Finds the model that `place` names. A model of the hub is first downloaded to the cache; `runs/...` never means the hub. What a file is, its first
 * bytes say, not its name.
 *
 * @throws TsgptError if there is no such model, or it cannot be downloaded
 */
export async function locateModel(place: string, hub?: DownloadOptions): Promise<ModelPlace> {
  const status = statSync(place, { throwIfNoEntry: false });
  if (!status) {
    if (/\.gguf$/i.test(place)) return { kind: 'gguf', path: place };
    if (place.endsWith('.json')) return { kind: 'run', path: place };
    ensure(hubName.test(place) && !place.startsWith('runs/'), `there is no model ${place}; give ${modelPlaces}`);
    return { kind: 'folder', path: await downloadModel(place, hub) };
  }
  if (!status.isDirectory()) return { kind: await kindOfModelFile(place), path: place };
  ensureHoldsModel(place);
  return { kind: existsSync(join(place, 'config.json')) ? 'folder' : 'run', path: place };
}

/** Whether a file is a GGUF file or a checkpoint's JSON file. Throws a TsgptError that says what it is if it is neither. */
async function kindOfModelFile(path: string): Promise<'gguf' | 'run'> {
  ensure(
    basename(path) !== 'config.json',
    () => `${path} belongs to a folder in Hugging Face's layout; give the folder ${dirname(path)}`,
  );
  const kind = await fileKind(path);
  if (kind === 'gguf') return 'gguf';
  if (kind === 'json') return 'run';
  const remedy = {
    safetensors: 'contains only weights; give its folder',
    'git-lfs': 'is only a pointer of Git LFS to the file itself; get that with "git lfs pull"',
    html: 'is a web page, not a model; download the file itself',
    zip: 'is an archive, as PyTorch writes weights; get the model as safetensors or GGUF',
    onnx: 'is an ONNX model, which can be written but not opened; give the model that it was made from',
    ggml: 'is in a format from before GGUF, which llama.cpp no longer reads either; get the model as GGUF',
    empty: 'is empty; download it again',
  };
  throw new TsgptError(`${path} ${kind ? remedy[kind] : `is not a model; give ${modelPlaces}`}`);
}

const markers = ['config.json', 'last.json', 'best.json'];

/** Throws a TsgptError if a folder is no model itself, but has models inside. */
function ensureHoldsModel(folder: string): void {
  const isModel = (path: string) => markers.some((name) => existsSync(join(path, name)));
  if (isModel(folder)) return;
  const inside = readdirSync(folder).map((name) => join(folder, name));
  const model = inside.find((path) => isModel(path) || /\.gguf$/i.test(path));
  ensure(model === undefined, () => `${folder} is a folder of models; give one of them, such as ${model}`);
}
