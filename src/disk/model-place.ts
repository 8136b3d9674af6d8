import { existsSync, readdirSync, statSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { ensure } from '../core/errors.ts';
import { type DownloadOptions, downloadModel } from './hub/index.ts';

/** The place and format of a model. */
export interface ModelPlace {
  kind: 'run' | 'folder' | 'gguf';
  /** A training run's folder or the JSON file of a checkpoint in it; a folder in Hugging Face's layout; or a GGUF file. */
  path: string;
}

/** The places that `openModel` accepts, in words. */
export const modelPlaces =
  "a training run's folder, a checkpoint's JSON file in it, a folder in Hugging Face's layout, a .gguf file, or a model of the hub such as openai-community/gpt2";

const hubName = /^[\w-][\w.-]*\/[\w-][\w.-]*$/;

/**
 * Finds the model that `place` names. A model of the hub is first downloaded to the cache; `runs/...` never means the hub.
 *
 * @throws TsgptError if there is no such model, or it cannot be downloaded
 */
export async function locateModel(place: string, hub?: DownloadOptions): Promise<ModelPlace> {
  const isThere = existsSync(place);
  if (/\.gguf$/i.test(place) || (isThere && (await beginsAsGguf(place)))) return { kind: 'gguf', path: place };
  if (!isThere && hubName.test(place) && !place.startsWith('runs/')) {
    return { kind: 'folder', path: await downloadModel(place, hub) };
  }
  ensure(isThere || place.endsWith('.json'), `there is no model ${place}; give ${modelPlaces}`);
  ensure(!place.endsWith('.safetensors'), `${place} contains only weights; give its folder`);
  ensure(
    basename(place) !== 'config.json',
    () => `${place} belongs to a folder in Hugging Face's layout; give the folder ${dirname(place)}`,
  );
  if (isThere && statSync(place).isDirectory()) ensureHoldsModel(place);
  else ensure(place.endsWith('.json'), `${place} is not a model; give ${modelPlaces}`);
  return { kind: existsSync(join(place, 'config.json')) ? 'folder' : 'run', path: place };
}

const markers = ['config.json', 'last.json', 'best.json'];

/** Throws a TsgptError if a folder is no model itself, but has folders that are. */
function ensureHoldsModel(folder: string): void {
  const isModel = (path: string) => markers.some((name) => existsSync(join(path, name)));
  if (isModel(folder)) return;
  const inside = readdirSync(folder).map((name) => join(folder, name));
  const model = inside.find(isModel);
  ensure(model === undefined, () => `${folder} is a folder of models; give one of them, such as ${model}`);
}

/** Whether a file's first bytes are GGUF's, whatever its name. */
async function beginsAsGguf(path: string): Promise<boolean> {
  if (!statSync(path).isFile()) return false;
  await using file = await open(path);
  const { buffer, bytesRead } = await file.read({ buffer: new Uint8Array(4) });
  return bytesRead === 4 && String.fromCharCode(...buffer) === 'GGUF';
}
