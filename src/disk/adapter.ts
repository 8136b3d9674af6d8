import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { TsgptError } from '../core/errors.ts';
import { isObject, parseJSON } from '../core/json.ts';
import { printable } from '../core/printable.ts';
import { INDEX_FILE, WEIGHTS_FILE } from '../formats/safetensors/sharded.ts';

/** The file that describes an adapter, such as LoRA's, in the layout of Hugging Face's PEFT. */
export const ADAPTER_FILE = 'adapter_config.json';

/** What an adapter is, and what to do with it. `base` is the model that it changes, if known. */
export function adapterMessage(place: string, base?: string): string {
  const model = base ? `the model ${printable(base)}` : 'another model';
  return `${place} holds an adapter (LoRA) to ${model}, not a model; merge the two with PEFT's merge_and_unload, and give the folder of the result`;
}

/** Throws a TsgptError if a folder holds an adapter and no model. */
export function ensureNoAdapter(folder: string): void {
  const has = (name: string) => existsSync(join(folder, name));
  if (!has(ADAPTER_FILE) || has(WEIGHTS_FILE) || has(INDEX_FILE) || has('last.json') || has('best.json')) return;
  throw new TsgptError(adapterMessage(folder, baseIn(join(folder, ADAPTER_FILE))));
}

function baseIn(path: string): string | undefined {
  try {
    const json = parseJSON(readFileSync(path, 'utf8'), path);
    const base = isObject(json) ? json.base_model_name_or_path : undefined;
    return typeof base === 'string' ? base : undefined;
  } catch {
    return undefined; // whatever the file says, it is an adapter's
  }
}
