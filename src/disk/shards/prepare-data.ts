import { availableParallelism } from 'node:os';
import { describeValue } from '../../core/describe-value.ts';
import { ensure } from '../../core/errors.ts';
import { ensureBoolean, ensureKind, ensureString, ensureTexts } from '../../core/kind.ts';
import { knownOptions, type OptionNames } from '../../core/options.ts';
import { dataFormats, findDataFiles } from '../documents/data-files.ts';
import type { PrepareDataOptions, PreparedData } from './prepare-data-options.ts';
import { type Preparation, prepareIn, usualPace } from './prepare-in.ts';
import { hashOfTokenizer } from './progress-file.ts';

const prepareDataOptions: OptionNames<PrepareDataOptions> = {
  ...{ tokenizer: true, folder: true, field: true, format: true, encoding: true, allowSpecial: true, shardSize: true },
  ...{ validationFraction: true, threads: true, include: true, exclude: true },
  ...{ signal: true, onFiles: true, onProgress: true },
};

/**
 * Tokenizes documents into token shards, of any size in little memory, with all processor cores.
 *
 * `sources` are files and folders, or `-` for standard input: plain text (one document each), JSON lines (`.jsonl`, `.ndjson`), tables (`.csv`,
 * `.tsv`, `.parquet`), and all of these packed by gzip or zstd. A document ends with the end-of-text token, if the tokenizer has one.
 *
 * A document is kept for validation if its checksum says so, whatever the order. If that leaves nothing on one side, as with a single text, the end of
 * all is kept instead.
 *
 * Work that was interrupted, even by a crash, is continued by the same call; the shards are the same as if it had not been.
 *
 *     await prepareData(['books/', 'web.jsonl.zst'], { tokenizer: new GPT2Tokenizer(), folder: 'shards' });
 *
 * @throws TsgptError if a source is damaged, or has changed since the work began, or the shards cannot be written; what is done is kept
 */
export async function prepareData(sources: readonly string[], options: PrepareDataOptions): Promise<PreparedData> {
  return prepareIn(await checked(sources, options), usualPace);
}

/** Checks the options and finds the files. */
export async function checked(sources: readonly string[], options: PrepareDataOptions): Promise<Preparation> {
  const known = knownOptions('prepareData', options, prepareDataOptions);
  const { tokenizer, folder, field = 'text', format, encoding, allowSpecial = false, include, exclude, signal } = known;
  const {
    shardSize = 2 ** 26,
    validationFraction = 0.1,
    threads = availableParallelism(),
    onFiles,
    onProgress,
  } = known;
  ensure(
    Array.isArray(sources) && sources.every((source) => typeof source === 'string'),
    "prepareData: give the sources as a list of paths, as ['a.txt']",
  );
  ensureKind('prepareData', 'a tokenizer', tokenizer, 'encode', 'vocabSize', 'tokenBytes');
  ensureString('prepareData', 'the folder', folder);
  ensureString('prepareData', 'the field', field);
  if (encoding !== undefined) ensureString('prepareData', 'the encoding', encoding);
  if (include !== undefined) ensureTexts('prepareData', 'include', include);
  if (exclude !== undefined) ensureTexts('prepareData', 'exclude', exclude);
  ensureBoolean('prepareData', 'allowSpecial', allowSpecial);
  ensureWhole('shardSize', shardSize, 2 ** 31);
  ensureWhole('threads', threads, 256);
  ensure(
    validationFraction >= 0 && validationFraction < 1,
    () => `the validation fraction must be from 0 to less than 1, but is ${describeValue(validationFraction)}`,
  );
  ensure(
    format === undefined || dataFormats.includes(format),
    () => `the option format must be one of ${dataFormats.join(', ')}, but is ${describeValue(format)}`,
  );
  const found = await findDataFiles(sources, { include, exclude, encoding, format, signal });
  const settings = { shardSize, validationFraction, field, format, encoding, allowSpecial };
  return {
    ...{ folder, tokenizer, threads, signal, onFiles, onProgress },
    ...found,
    settings: { tokenizer: hashOfTokenizer(tokenizer), ...settings },
  };
}

function ensureWhole(name: string, value: number, most: number): void {
  ensure(
    Number.isSafeInteger(value) && value >= 1 && value <= most,
    () => `${name} must be a whole number from 1 to ${most}, but is ${describeValue(value)}`,
  );
}
