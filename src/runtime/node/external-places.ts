import { open, realpath } from 'node:fs/promises';
import { dirname, relative, resolve, sep } from 'node:path';
import { ensure, TsgptError } from '../../core/errors.ts';
import type { FileRegion } from '../../core/file-region.ts';
import { whileOpen } from '../../core/while-open.ts';
import { type ExternalTensor, separateLargeTensors } from '../../formats/onnx/external-tensors.ts';
import type { OnnxModel, OnnxTensor } from '../../formats/onnx/model.ts';

/** Where ONNX Runtime finds the tensors that are not in a model's bytes. */
export interface ExternalPlaces {
  readonly inMemory: { path: string; data: Uint8Array }[];
  /** A folder above all files; undefined if there are none. */
  readonly folder: string | undefined;
  /** The regions of the tensors in files, by the names of the tensors. Their paths begin at {@link folder}. */
  readonly inFolder: ReadonlyMap<string, FileRegion>;
}

/**
 * ONNX Runtime looks for files in one folder and below it, and follows no link out of it. The files of a model may lie anywhere and be links, as
 * in the cache of the Hugging Face hub. So it gets the nearest folder above all of them, and their real paths from there.
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

/** In a model's bytes, which may not exceed 2 GiB, so much goes besides what always stays there. */
const mostInside = 2 ** 30;

/**
 * ONNX Runtime takes tensors from outside a model's bytes either from memory or from files. If a model has both, those in memory go into its
 * bytes, or those in files are read, whichever are smaller.
 */
export async function inMemoryOrInFiles(model: OnnxModel): Promise<ReturnType<typeof separateLargeTensors>> {
  const separate = separateLargeTensors(model);
  const [inMemory, inFiles] = [true, false].map((isInMemory) =>
    separate.external
      .filter(({ data }) => data instanceof Uint8Array === isInMemory)
      .reduce((sum, { data }) => sum + data.length, 0),
  ) as [number, number];
  if (inMemory === 0 || inFiles === 0) return separate;
  if (inMemory <= Math.min(inFiles, mostInside)) return separateLargeTensors(model, mostInside);
  const read = async (tensor: OnnxTensor): Promise<OnnxTensor> =>
    tensor.data instanceof Uint8Array ? tensor : { ...tensor, data: await readRegion(tensor.data) };
  return separateLargeTensors({ ...model, initializers: await Promise.all(model.initializers.map(read)) });
}

async function readRegion({ path, offset, length }: FileRegion): Promise<Uint8Array> {
  return whileOpen(await open(path), async (file) => {
    const { bytesRead, buffer } = await file.read(new Uint8Array(length), 0, length, offset);
    ensure(bytesRead === length, `${path} became shorter while it was read; try again when nothing writes to it`);
    return buffer;
  });
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
