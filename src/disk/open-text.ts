import { constants } from 'node:fs';
import { access, type FileHandle, open, readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { TextDecoder } from 'node:util';
import { ensure, TsgptError } from '../core/errors.ts';
import type { TextChunk, TextDocument, TextSource } from '../text/text-source.ts';

const CHUNK_BYTES = 2 ** 20;

/**
 * Opens one text file of any name, or a folder. In a folder, every `.txt` file, also in subfolders, is a document, sorted by path. Links to files are
 * followed; links to folders are not, so that a loop of links does no harm. Empty files are left out.
 *
 * The text is UTF-8; a byte order mark at the beginning is dropped. Throws a TsgptError if there is nothing to read; `chunks` throws one if a file is not
 * UTF-8.
 */
export async function openText(textPath: string): Promise<TextSource> {
  const isFolder = (await information(textPath)).isDirectory();
  const documents: TextDocument[] = [];
  for (const file of isFolder ? await textFilesIn(textPath) : [textPath]) {
    const { size } = await information(file);
    await access(file, constants.R_OK).catch((error) => throwUnreadable(file, error));
    if (size > 0) documents.push({ path: file, bytes: size, chunks: (signal) => readUtf8(file, signal) });
  }
  ensure(documents.length > 0, () =>
    isFolder
      ? `the folder ${textPath} has no .txt file with text in it; put one there, or name a file`
      : `the file ${textPath} is empty; put text into it, or name another file`,
  );
  return { path: textPath, documents, bytes: documents.reduce((sum, { bytes }) => sum + bytes, 0) };
}

/** The paths of all `.txt` files at any depth under `folder`, in the same order on every machine. */
async function textFilesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch((error) =>
    throwUnreadable(error.path ?? folder, error),
  );
  const files: string[] = [];
  for (const entry of entries) {
    const file = path.join(entry.parentPath, entry.name);
    if (path.extname(file).toLowerCase() === '.txt' && (await information(file)).isFile()) files.push(file);
  }
  return files.sort();
}

/** The information about a file or folder; for a link, about its target. */
async function information(file: string) {
  const info = await stat(file).catch((error) => throwUnreadable(file, error));
  ensure(info.isFile() || info.isDirectory(), `${file} is neither a file nor a folder; name one that holds text`);
  return info;
}

async function* readUtf8(file: string, signal?: AbortSignal): AsyncGenerator<TextChunk> {
  signal?.throwIfAborted();
  const handle = await open(file).catch((error) => throwUnreadable(file, error));
  try {
    const decoder = new TextDecoder('utf-8', { fatal: true });
    const buffer = new Uint8Array(CHUNK_BYTES);
    for (let offset = 0; ; ) {
      signal?.throwIfAborted();
      const bytes = await read(handle, buffer, file);
      const text = decodeOrThrow(decoder, bytes, file, offset);
      offset += bytes.length;
      if (text !== '' || bytes.length > 0) yield { text, bytes: bytes.length };
      if (bytes.length === 0) return;
    }
  } finally {
    await handle.close();
  }
}

/** The next bytes of the file, in `buffer`; none at its end. */
async function read(handle: FileHandle, buffer: Uint8Array, file: string): Promise<Uint8Array> {
  const { bytesRead } = await handle.read(buffer).catch((error) => throwUnreadable(file, error));
  return buffer.subarray(0, bytesRead);
}

/** The text of the next `bytes`, which begin at `offset` in the file; no bytes mean the end of the file. */
function decodeOrThrow(decoder: TextDecoder, bytes: Uint8Array, file: string, offset: number): string {
  try {
    return decoder.decode(bytes, { stream: bytes.length > 0 });
  } catch {
    throw new TsgptError(
      `the file ${file} is not UTF-8 text (near byte ${offset + firstInvalidByte(bytes)}); ` +
        'save it as UTF-8, or name another file',
    );
  }
}

/** The approximate position at which `bytes` stop being UTF-8; they may begin inside a character. */
function firstInvalidByte(bytes: Uint8Array): number {
  let start = 0;
  while (start < 3 && (bytes[start] ?? 0) >> 6 === 0b10) start++;
  const isValidUpTo = (end: number) => {
    try {
      new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(start, end), { stream: true });
      return true;
    } catch {
      return false;
    }
  };
  // If `bytes` are valid up to a position, they are valid up to any earlier one, so bisection finds the fault.
  let valid = start;
  let invalid = bytes.length + 1;
  while (invalid - valid > 1) {
    const middle = (valid + invalid) >> 1;
    if (isValidUpTo(middle)) valid = middle;
    else invalid = middle;
  }
  return Math.min(valid, bytes.length);
}

function throwUnreadable(file: string, error: NodeJS.ErrnoException): never {
  if (error.code === 'ENOENT') {
    throw new TsgptError(`there is no file or folder ${file}; check the path`);
  }
  throw new TsgptError(`${file} cannot be read (${error.code ?? error.message}); check its permissions`);
}
