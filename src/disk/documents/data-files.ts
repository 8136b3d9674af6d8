import { stat } from 'node:fs/promises';
import { ensure } from '../../core/errors.ts';
import { ensureEncoding } from '../decode-text.ts';
import type { PreparedSource } from '../shards/manifest.ts';
import { type FileChoice, findTextFiles, type LeftOut } from '../text-files.ts';
import { throwUnreadable } from '../unreadable.ts';
import { standardInput } from './read-bytes.ts';

/** The forms in which documents are read; the names of their files end so. */
const endings = {
  jsonl: ['.jsonl', '.ndjson'],
  csv: ['.csv'],
  tsv: ['.tsv'],
  parquet: ['.parquet'],
  text: [],
} as const;
export type DataFormat = keyof typeof endings;
export const dataFormats = Object.keys(endings) as DataFormat[];

/** A file that has documents. */
export interface DataFile extends PreparedSource {
  readonly format: DataFormat;
}

export interface FindDataOptions extends FileChoice {
  /** How all texts are stored. Defaults to `utf-8`. */
  encoding?: string | undefined;
  /** The form of all files. Defaults to what their names say; a file of another name is one document of plain text. */
  format?: DataFormat | undefined;
  signal?: AbortSignal | undefined;
}

const packed = /\.(gz|zst|zstd)$/i;

/** The form of a file by its name. */
function formatOf(path: string): DataFormat {
  const name = path.replace(packed, '').toLowerCase();
  return dataFormats.find((format) => endings[format].some((ending) => name.endsWith(ending))) ?? 'text';
}

/** Whether the name of a file says that it has documents, although it may not look like text. */
const isNamedAsData = (path: string) => packed.test(path) || formatOf(path) === 'parquet';

/** The files that `sources` name: files, folders, and `-` for standard input. Throws a TsgptError if one cannot be read. */
export async function findDataFiles(
  sources: readonly string[],
  { include, exclude, encoding, format, signal }: FindDataOptions,
): Promise<{ files: DataFile[]; leftOut: LeftOut[] }> {
  if (encoding !== undefined) ensureEncoding(encoding);
  ensure(sources.length > 0, 'there is nothing to prepare; name files or folders, or - for standard input');
  const files: DataFile[] = [];
  const allLeftOut: LeftOut[] = [];
  let hasFolder = false;
  for (const source of sources) {
    if (source === standardInput) {
      ensure(!files.some(({ path }) => path === source), 'standard input can be read only once; give - once');
      files.push({ path: source, format: format ?? 'text', bytes: 0, modified: 0 });
      continue;
    }
    const status = await stat(source).catch((error) => throwUnreadable(source, error));
    if (!status.isDirectory()) {
      ensure(status.isFile(), `${source} is neither a file nor a folder; name one that holds text`);
      ensure(status.size > 0, `the file ${source} is empty; put text into it, or name another file`);
      files.push(await dataFile(source, format));
      continue;
    }
    hasFolder = true;
    const choice = { include, exclude, encoding, signal, accepts: isNamedAsData };
    const { files: found, leftOut } = await findTextFiles(source, choice);
    ensure(found.length > 0, `the folder ${source} has no file with documents in it; name another`);
    for (const path of found) files.push(await dataFile(path, format));
    allLeftOut.push(...leftOut);
  }
  const choice = include ? 'include' : exclude ? 'exclude' : undefined;
  ensure(hasFolder || !choice, `no folder is named, so the option ${choice} has nothing to choose from; leave it out`);
  return { files, leftOut: allLeftOut };
}

async function dataFile(path: string, format = formatOf(path)): Promise<DataFile> {
  const { size, mtimeMs } = await stat(path).catch((error) => throwUnreadable(path, error));
  return { path, format, bytes: size, modified: mtimeMs };
}

/** Throws a TsgptError if a file is not as it was. */
export async function ensureUnchanged({ path, bytes, modified }: PreparedSource): Promise<void> {
  if (path === standardInput) return;
  const status = await stat(path).catch((error) => throwUnreadable(path, error));
  ensure(
    status.size === bytes && status.mtimeMs === modified,
    `${path} has been changed since its preparation began; begin anew with another folder, or put the old file back`,
  );
}
