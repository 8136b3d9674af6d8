import { realpath } from 'node:fs/promises';
import { dirname, relative, resolve, sep } from 'node:path';
import { ensure, TsgptError } from '../../core/errors.ts';
import type { FileRegion } from '../../core/file-region.ts';
import type { ExternalTensor } from '../../formats/onnx/external-tensors.ts';

/** Where ONNX Runtime finds the tensors that are not in a model's bytes. */
export interface ExternalPlaces {
  readonly inMemory: { path: string; data: Uint8Array }[];
  /** A folder above all files; undefined if there are none. */
  readonly folder: string | undefined;
  /** The regions of the tensors in files, by the names of the tensors. Their paths begin at {@link folder}. */
  readonly inFolder: ReadonlyMap<string, FileRegion>;
}

/**
 * ONNX Runtime looks for files in one folder and below it, and follows no link out of it. The files of a model may lie anywhere and be links, as in the
 * cache of the Hugging Face hub. So it gets the nearest folder above all of them, and their real paths from there.
 */
export async function placesOf(external: readonly ExternalTensor[]): Promise<ExternalPlaces> {
  const inMemory: ExternalPlaces['inMemory'] = [];
  const regions = new Map<string, FileRegion>();
  for (const { name, data } of external) {
    if (data instanceof Uint8Array) inMemory.push({ path: name, data });
    else regions.set(name, data);
  }
  const realPaths = new Map<string, string>();
  for (const { path } of regions.values()) if (!realPaths.has(path)) realPaths.set(path, await realPathOf(path));
  const folder = commonFolder([...realPaths.values()]);
  const inFolder = new Map<string, FileRegion>();
  for (const [name, region] of regions) {
    inFolder.set(name, { ...region, path: relative(folder!, realPaths.get(region.path)!).replaceAll(sep, '/') });
  }
  return { inMemory, folder, inFolder };
}

/** The folder as an option of a session. */
export function folderOption(folder: string | undefined): Record<string, string> {
  return folder === undefined ? {} : { model_external_initializers_file_folder_path: folder };
}

async function realPathOf(path: string): Promise<string> {
  return realpath(resolve(path)).catch((cause: Error) => {
    throw new TsgptError(`cannot read ${path}: ${cause.message}; check that the file is still there`, { cause });
  });
}

/** The nearest folder above all files. */
function commonFolder(paths: readonly string[]): string | undefined {
  if (paths.length === 0) return undefined;
  const [first, ...others] = paths.map((path) => dirname(path).split(sep)) as [string[], ...string[][]];
  const differs = first.findIndex((part, i) => others.some((parts) => parts[i] !== part));
  ensure(
    differs !== 0,
    () => `the weights of a model must lie on one drive, not in ${paths.map((path) => dirname(path)).join(' and ')}`,
  );
  const folder = (differs < 0 ? first : first.slice(0, differs)).join(sep);
  return folder.includes(sep) ? folder : folder + sep; // "" is the root, "C:" a drive
}
