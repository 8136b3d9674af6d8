import { join } from 'node:path';
import { ensureKind, ensureString } from '../core/kind.ts';
import { knownOptions, type OptionNames } from '../core/options.ts';
import { tiktokenRanks } from '../tokenizer/hugging-face/tiktoken-ranks.ts';
import { publishedTokenizer } from '../tokenizer/hugging-face/write-files.ts';
import type { Tokenizer } from '../tokenizer/index.ts';
import { writeFileAtomic } from './atomic-file.ts';
import { ensureReplaceable, type FolderOptions, writeFolderAtomic } from './atomic-folder.ts';

export interface SaveTokenizerOptions {
  /** Whether to replace a folder that holds such a tokenizer and nothing else. Defaults to false. */
  overwrite?: boolean;
}

const optionNames: OptionNames<SaveTokenizerOptions> = { overwrite: true };

const fileNames = ['tokenizer.json', 'tokenizer_config.json', 'tokens.tiktoken'];

/**
 * Writes a tokenizer as a folder, completely or not at all: `tokenizer.json` and `tokenizer_config.json`, which Hugging Face's libraries read, and, if
 * it is byte-level byte-pair encoding, `tokens.tiktoken`, its ordinary tokens as OpenAI's tiktoken reads them. {@link openTokenizer} opens it again.
 *
 * @throws TsgptError if the folder holds something that may not be replaced, or cannot be written
 */
export async function saveTokenizer(
  folder: string,
  tokenizer: Tokenizer,
  options: SaveTokenizerOptions = {},
): Promise<void> {
  const { overwrite = false } = knownOptions('saveTokenizer', options, optionNames);
  ensureString('saveTokenizer', 'the folder', folder);
  ensureKind('saveTokenizer', 'a tokenizer', tokenizer, 'kind', 'vocabSize', 'toJSON');
  const { tokenizer: file, config } = publishedTokenizer(tokenizer);
  const ranks = tiktokenRanks(tokenizer);
  const write = async (temporary: string) => {
    const json = (value: object) => `${JSON.stringify(value, null, 2)}\n`;
    await writeFileAtomic(join(temporary, 'tokenizer.json'), json(file));
    await writeFileAtomic(join(temporary, 'tokenizer_config.json'), json(config));
    if (ranks !== undefined) await writeFileAtomic(join(temporary, 'tokens.tiktoken'), ranks);
  };
  await writeFolderAtomic(folder, write, replacing(overwrite));
}

const replacing = (overwrite: boolean): FolderOptions => ({
  mayReplace: (name) => overwrite && fileNames.includes(name),
});

/** Throws a TsgptError if {@link saveTokenizer} could not write this folder: to be known before a long training. */
export async function ensureTokenizerFolder(folder: string, overwrite: boolean): Promise<void> {
  await ensureReplaceable(folder, replacing(overwrite));
}
