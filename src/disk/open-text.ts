import { stat } from 'node:fs/promises';
import { ensure } from '../core/errors.ts';
import { ensureString, ensureTexts } from '../core/kind.ts';
import { knownOptions, type OptionNames } from '../core/options.ts';
import type { TextDocument, TextSource } from '../text/text-source.ts';
import { ensureEncoding, readTextFile } from './decode-text.ts';
import { countLeftOut, type FileChoice, findTextFiles, type LeftOut } from './text-files.ts';
import { ensureText, markedEncoding, readBeginning } from './text-kind.ts';
import { throwUnreadable } from './unreadable.ts';

export interface OpenTextOptions extends FileChoice {
  /**
   * How the text is stored, by a name of the Encoding Standard (https://encoding.spec.whatwg.org/#names-and-labels), such as `windows-1252`. A
   * byte order mark at the beginning of a file decides by itself. Defaults to `utf-8`.
   */
  encoding?: string;
  /** Stops the search in a folder. The promise then rejects with the signal's reason. */
  signal?: AbortSignal;
}

const openTextOptions: OptionNames<OpenTextOptions> = { encoding: true, include: true, exclude: true, signal: true };

/** A text on disk. */
export interface OpenedText extends TextSource {
  /** What of a folder is not read, and why. */
  readonly leftOut: readonly LeftOut[];
}

/**
 * Opens one text file of any name, or a folder. In a folder, every text file, also in subfolders, is a document, sorted by path; see
 * `findTextFiles` for what is left out.
 *
 * Throws a TsgptError if there is nothing to read; `chunks` throws one if a file is not text in the given encoding.
 */
export async function openText(textPath: string, options: OpenTextOptions = {}): Promise<OpenedText> {
  const { encoding, include, exclude } = knownOptions('openText', options, openTextOptions);
  ensureString('openText', 'the path', textPath);
  if (include !== undefined) ensureTexts('openText', 'include', include);
  if (exclude !== undefined) ensureTexts('openText', 'exclude', exclude);
  if (encoding !== undefined) ensureString('openText', 'encoding', encoding);
  if (encoding !== undefined) ensureEncoding(encoding);
  const { files, leftOut } = (await information(textPath)).isDirectory()
    ? await filesIn(textPath, options)
    : { files: [textPath], leftOut: [] };
  const documents: TextDocument[] = [];
  for (const file of files) {
    const { size } = await information(file);
    documents.push({ path: file, bytes: size, chunks: (signal) => readTextFile(file, encoding, signal) });
  }
  if (files[0] === textPath) {
    const choice = include ? 'include' : exclude ? 'exclude' : undefined;
    ensure(!choice, `${textPath} is a file, so the option ${choice} has nothing to choose from; leave it out`);
    const beginning = await readBeginning(textPath);
    ensure(beginning.length > 0, `the file ${textPath} is empty; put text into it, or name another file`);
    ensureText(textPath, beginning, encoding);
    ensure(
      beginning.length < documents[0]!.bytes ||
        !isWhiteSpace(beginning, markedEncoding(textPath, beginning) ?? encoding),
      `the file ${textPath} has nothing but white space in it; put text into it, or name another file`,
    );
  }
  return { path: textPath, documents, bytes: documents.reduce((sum, { bytes }) => sum + bytes, 0), leftOut };
}

async function filesIn(folder: string, options: OpenTextOptions) {
  const found = await findTextFiles(folder, options);
  const others = found.leftOut.length > 0 ? ` (left out: ${countLeftOut(found.leftOut)})` : '';
  ensure(
    found.files.length > 0,
    `the folder ${folder} has no file with text in it${others}; put one there, or name a file`,
  );
  return found;
}

/** The information about a file or folder; for a link, about its target. */
async function information(file: string) {
  const info = await stat(file).catch((error) => throwUnreadable(file, error));
  ensure(info.isFile() || info.isDirectory(), `${file} is neither a file nor a folder; name one that holds text`);
  return info;
}

function isWhiteSpace(bytes: Uint8Array, encoding?: string): boolean {
  return new TextDecoder(encoding).decode(bytes, { stream: true }).trim() === '';
}
