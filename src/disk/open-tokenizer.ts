import { readFile, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { ensure, TsgptError } from '../core/errors.ts';
import { isLfsPointer, lfsProblem } from '../core/json.ts';
import { ensureString } from '../core/kind.ts';
import {
  type HuggingFaceTokenizer,
  type HuggingFaceTokenizerFiles,
  huggingFaceTokenizerFiles,
  readHuggingFaceTokenizer,
} from '../tokenizer/index.ts';
import { readingFrom } from './model-source.ts';
import { reasonOf } from './system-errors.ts';
import { throwUnreadable } from './unreadable.ts';

/**
 * Opens a tokenizer alone: the folder that it was saved in, its `tokenizer.json`, or the folder of a published model. Other files beside
 * `tokenizer.json`, such as `tokenizer_config.json`, are read, too.
 *
 * @throws TsgptError if there is none, or if it is damaged or asks for something that is not supported
 */
export async function openTokenizer(place: string): Promise<HuggingFaceTokenizer> {
  ensureString('openTokenizer', 'the place', place);
  const info = await stat(place).catch((error) => throwUnreadable(place, error));
  const isFolder = info.isDirectory();
  ensure(
    isFolder || basename(place) === 'tokenizer.json',
    `${place} is not a tokenizer; give a folder that has a tokenizer.json, or the tokenizer.json itself`,
  );
  const tokenizer = await readTokenizerFiles(isFolder ? place : dirname(place));
  ensure(tokenizer, `there is no tokenizer.json in ${place}; give the folder of a tokenizer`);
  return tokenizer;
}

/** The tokenizer of the files in a folder; undefined if it has none of them. */
export async function readTokenizerFiles(folder: string): Promise<HuggingFaceTokenizer | undefined> {
  const files: HuggingFaceTokenizerFiles = {};
  for (const name of huggingFaceTokenizerFiles) files[name] = await readIfThere(join(folder, name));
  return readingFrom(folder, () => readHuggingFaceTokenizer(files));
}

/** The contents of a text file; undefined if there is none. */
export async function readIfThere(path: string): Promise<string | undefined> {
  const text = await readFile(path, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'ENOENT') return undefined;
    throw new TsgptError(`cannot read ${path}: ${reasonOf(cause)}`, { cause });
  });
  ensure(text === undefined || !isLfsPointer(text), `${path} ${lfsProblem}`);
  return text;
}
