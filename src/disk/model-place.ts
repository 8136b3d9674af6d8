import { existsSync, readdirSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { ensure, TsgptError } from '../core/errors.ts';
import { ensureString } from '../core/kind.ts';
import { ensureNoAdapter } from './adapter.ts';
import { bundledModel, bundledModelPath } from './bundled.ts';
import { type DownloadOptions, downloadModel } from './hub/index.ts';
import { modelFileKind } from './model-file-kind.ts';

/** The place and format of a model. */
export interface ModelPlace {
  kind: 'run' | 'folder' | 'gguf';
  /** A training run's folder or the JSON file of a checkpoint in it; a folder in Hugging Face's layout; or a GGUF file. */
  path: string;
}

/** The places that `openModel` accepts, in words. */
export const modelPlaces =
  "a training run's folder, a checkpoint's JSON file in it, a folder in Hugging Face's layout, a GGUF file, a model of the hub such as openai-community/gpt2, or austen, the small model that comes with tsgpt";

const hubName = /^[\w-][\w.-]*\/[\w-][\w.-]*$/;

/**
 * Finds the model that `place` names. A model of the hub is first downloaded to the cache; `runs/...` never means the hub. What a file is, its first
 * bytes say, not its name.
 *
 * @throws TsgptError if there is no such model, or it cannot be downloaded
 */
export async function locateModel(place: string, hub?: DownloadOptions): Promise<ModelPlace> {
  ensureString('openModel', 'the place of a model', place);
  const status = statSync(place, { throwIfNoEntry: false });
  if (!status) {
    if (place === bundledModel) return { kind: 'gguf', path: bundledModelPath() };
    if (/\.gguf$/i.test(place)) return { kind: 'gguf', path: place };
    if (place.endsWith('.json')) return { kind: 'run', path: place };
    ensureMayBeOnHub(place);
    return { kind: 'folder', path: await downloadModel(place, hub).catch((error) => alsoNoFolder(place, error)) };
  }
  if (!status.isDirectory()) return { kind: await kindOfModelFile(place), path: place };
  ensureNoAdapter(place);
  ensureHoldsModel(place);
  return { kind: existsSync(join(place, 'config.json')) ? 'folder' : 'run', path: place };
}

/** Well-known models by the short names that they go by. */
const fullNames: Readonly<Record<string, string>> = {
  gpt2: 'openai-community/gpt2',
  'gpt2-medium': 'openai-community/gpt2-medium',
  'gpt2-large': 'openai-community/gpt2-large',
  'gpt2-xl': 'openai-community/gpt2-xl',
  distilgpt2: 'distilbert/distilgpt2',
  'smollm2-135m': 'HuggingFaceTB/SmolLM2-135M',
  'smollm2-360m': 'HuggingFaceTB/SmolLM2-360M',
  'smollm2-1.7b': 'HuggingFaceTB/SmolLM2-1.7B',
  tinyllama: 'TinyLlama/TinyLlama-1.1B-Chat-v1.0',
  'qwen2.5-0.5b': 'Qwen/Qwen2.5-0.5B',
  'qwen3-0.6b': 'Qwen/Qwen3-0.6B',
  'llama-3.2-1b': 'meta-llama/Llama-3.2-1B',
  'mistral-7b': 'mistralai/Mistral-7B-v0.1',
};

/** Throws a TsgptError, with a suggestion if there is one, if a name cannot be that of a model of the hub. */
function ensureMayBeOnHub(place: string): void {
  const key = place.toLowerCase().replaceAll('_', '-');
  const fullName = Object.hasOwn(fullNames, key) ? fullNames[key] : undefined;
  ensure(fullName === undefined, `there is no model ${place}; on the hub it is ${fullName}, so give that name`);
  ensure(hubName.test(place) && !place.startsWith('runs/'), `there is no model ${place}; give ${modelPlaces}`);
}

/** A name with a slash can be a folder or a model of the hub; who mistyped a folder should read of that first. */
function alsoNoFolder(place: string, cause: unknown): never {
  if (!(cause instanceof TsgptError)) throw cause;
  throw new TsgptError(`there is no folder ${place}, and as a model of the hub: ${cause.message}`, { cause });
}

/** Whether a file is a GGUF file or a checkpoint's JSON file. Throws a TsgptError that says what it is if it is neither. */
async function kindOfModelFile(path: string): Promise<'gguf' | 'run'> {
  ensure(
    basename(path) !== 'config.json',
    () => `${path} belongs to a folder in Hugging Face's layout; give the folder ${dirname(path)}`,
  );
  const kind = await modelFileKind(path);
  if (kind === 'gguf') return 'gguf';
  if (kind === 'json') return 'run';
  const remedy = {
    safetensors: 'contains only weights; give its folder',
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
