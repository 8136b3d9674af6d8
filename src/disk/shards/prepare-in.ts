import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ensure } from '../../core/errors.ts';
import type { Tokenizer } from '../../tokenizer/index.ts';
import type { DataFile } from '../documents/data-files.ts';
import { FolderLock, preparing } from '../folder-lock.ts';
import { makeFolder } from '../make-folder.ts';
import type { LeftOut } from '../text-files.ts';
import { copyEnd, cutTrain, putIntoTrain } from './keep-end.ts';
import { dtypeOfTokens, progressName, readManifest, type Shard, type SplitName, writeManifest } from './manifest.ts';
import { createPortionEncoder } from './portion-encoder.ts';
import { beginning, type PreparedPortion, portionsOf } from './portions.ts';
import type { PrepareDataOptions, PreparedData } from './prepare-data-options.ts';
import {
  type PrepareProgress,
  type PrepareSettings,
  readProgress,
  removeProgress,
  removeUnfinished,
  writeProgress,
} from './progress-file.ts';
import { writeShardTokenizer } from './shard-tokenizer.ts';
import { ShardWriter } from './shard-writer.ts';
import type { SplitTokens } from './text-portion.ts';

/** What is to be prepared. */
export interface Preparation extends Pick<PrepareDataOptions, 'signal' | 'onFiles' | 'onProgress'> {
  readonly folder: string;
  readonly tokenizer: Tokenizer;
  readonly settings: PrepareSettings;
  readonly files: readonly DataFile[];
  readonly leftOut: readonly LeftOut[];
  readonly threads: number;
}

interface LockedPreparation extends Preparation {
  readonly sources: PrepareProgress['sources'];
  readonly lock: FolderLock;
}

/** How much is done at once: 16-bit units of text in a portion and in a part of a document, and milliseconds between two records of the progress. */
export interface Pace {
  readonly portionLength: number;
  readonly partLength: number;
  readonly saveInterval: number;
}

export const usualPace: Pace = { portionLength: 2 ** 17, partLength: 2 ** 17, saveInterval: 5000 };

/** Prepares the data, or continues. While a process does so in a folder, no other one can. */
export async function prepareIn(preparation: Preparation, pace: Pace): Promise<PreparedData> {
  const { folder, settings, files } = preparation;
  const sources = files.map(({ path, bytes, modified }) => ({ path, bytes, modified }));
  await readProgress(folder, settings, sources); // nothing is written into a folder of something else
  await makeFolder(folder);
  const lock = await FolderLock.take(folder, preparing);
  try {
    return await prepareLocked({ ...preparation, sources, lock }, pace, await readProgress(folder, settings, sources));
  } finally {
    await lock.release();
  }
}

async function prepareLocked(
  preparation: LockedPreparation,
  pace: Pace,
  before: PrepareProgress | undefined,
): Promise<PreparedData> {
  const { folder, tokenizer, settings, files, sources, leftOut, onFiles } = preparation;
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  onFiles?.({ files: files.length, bytes, leftOut, isContinued: before !== undefined });
  if (before) await removeUnfinished(folder);
  const none = { shards: [], tokens: 0, documents: 0 };
  const counts = { textBytes: 0, emptyDocuments: 0, bytesRead: 0 };
  const progress = before ?? { settings, sources, position: beginning, ...counts, train: none, validation: none };
  const identity = await writeShardTokenizer(folder, tokenizer);
  const format = { dtype: dtypeOfTokens(tokenizer.vocabSize), shardSize: settings.shardSize };

  try {
    if (!progress.end) await writeDocuments(preparation, pace, progress, format);
  } catch (error) {
    // Nothing is begun if the first document cannot be read.
    if (!before && tokensIn(progress) === 0) await removeProgress(folder).catch(() => {});
    throw error;
  }
  const { splits, by } = await divide(preparation, progress, { ...format, tokenizer: identity });
  const { validationFraction: fraction } = settings;
  const splitOf = (shards: Shard[]) => ({
    tokens: sumOf(shards, 'tokens'),
    documents: sumOf(shards, 'documents'),
    shards,
  });
  await writeManifest(folder, {
    ...{ tokenizer: identity, ...format, validation: { fraction, by }, textBytes: progress.textBytes, sources },
    splits: { train: splitOf(splits.train), validation: splitOf(splits.validation) },
  });
  await rm(join(folder, progressName), { force: true });
  return { manifest: await readManifest(folder), emptyDocuments: progress.emptyDocuments };
}

/** Writes all documents that are not yet written, and records in `progress` how far it is. */
async function writeDocuments(
  preparation: LockedPreparation,
  { saveInterval, ...lengths }: Pace,
  progress: PrepareProgress,
  format: ConstructorParameters<typeof ShardWriter>[2],
): Promise<void> {
  const { folder, tokenizer, settings, files, threads, lock, signal, onProgress } = preparation;
  const { field, encoding, validationFraction, allowSpecial } = settings;
  const encode = { allowSpecial };
  const writers = {
    train: new ShardWriter(folder, 'train', format, progress.train),
    validation: new ShardWriter(folder, 'validation', format, progress.validation),
  };
  const encoder = createPortionEncoder(tokenizer, encode, threads);
  const options = { field, encoding, encode, validationFraction, signal, ...lengths };
  const bytesBefore = progress.bytesRead;
  const bytesTotal = files.reduce((sum, { bytes }) => sum + bytes, 0);
  const waiting: { portion: PreparedPortion; encoded: Promise<Record<SplitName, SplitTokens>> }[] = [];
  let saved = performance.now();

  const save = async () => {
    await lock.check();
    for (const writer of [writers.train, writers.validation]) await writer.sync();
    await writeProgress(folder, progress);
    saved = performance.now();
  };
  const writeFirst = async () => {
    const { portion, encoded } = waiting[0]!;
    const tokens = await encoded;
    waiting.shift();
    signal?.throwIfAborted();
    for (const split of ['train', 'validation'] as const) {
      await writers[split].write(tokens[split].ids, tokens[split].documentStarts);
    }
    progress.train = writers.train.state;
    progress.validation = writers.validation.state;
    progress.position = portion.position;
    progress.textBytes += portion.textBytes;
    progress.emptyDocuments += portion.emptyDocuments;
    progress.bytesRead = Math.max(bytesBefore, portion.bytesRead);
    onProgress?.({ bytesRead: progress.bytesRead, bytesTotal, bytesBefore, tokens: tokensIn(progress) });
    if (performance.now() - saved >= saveInterval) await save();
  };

  try {
    await writeProgress(folder, progress); // so that the folder is known as this work's
    for await (const portion of portionsOf(files, tokenizer, progress.position, options)) {
      const encoded = encoder.encode(portion);
      encoded.catch(() => {}); // it is awaited when its turn comes
      waiting.push({ portion, encoded });
      if (waiting.length >= encoder.most) await writeFirst();
    }
    while (waiting.length > 0) await writeFirst();
    const noText = files.length === 1 ? `${files[0]!.path} has` : 'the sources have';
    ensure(tokensIn(progress) > 0, () => `${noText} no document with text in it; name others`);
    for (const split of ['train', 'validation'] as const) {
      progress[split] = { shards: await writers[split].end(), tokens: 0, documents: 0 };
    }
    await writeProgress(folder, progress);
  } catch (error) {
    // What is written counts; but if that cannot be recorded, the last record does.
    await save().catch(() => {});
    throw error;
  } finally {
    await encoder.close();
    for (const writer of [writers.train, writers.validation]) await writer.close().catch(() => {});
  }
}

const sumOf = (shards: readonly Shard[], count: 'tokens' | 'documents') =>
  shards.reduce((total, shard) => total + shard[count], 0);

const tokensIn = ({ train, validation }: PrepareProgress) =>
  [train, validation].reduce((sum, { shards, tokens }) => sum + sumOf(shards, 'tokens') + tokens, 0);

/** The shards of both splits. If one has none, the end of all tokens is kept for validation. */
async function divide(
  { folder, settings: { validationFraction } }: Preparation,
  progress: PrepareProgress,
  settings: Parameters<typeof copyEnd>[2],
): Promise<{ splits: Record<SplitName, Shard[]>; by: 'document' | 'end' }> {
  const written = { train: progress.train.shards, validation: progress.validation.shards };
  const isEmpty = written.train.length === 0 || written.validation.length === 0;
  if (validationFraction === 0 || !isEmpty) return { splits: written, by: 'document' };
  const { train, validation: rest } = await putIntoTrain(folder, written);
  progress.train = { shards: train, tokens: 0, documents: 0 };
  progress.validation = { shards: rest, tokens: 0, documents: 0 };
  await writeProgress(folder, progress); // from now on, validation shards are copies
  progress.end ??= await copyEnd(folder, train, settings, validationFraction);
  if (!progress.end) return { splits: { train, validation: [] }, by: 'end' };
  await writeProgress(folder, progress);
  const { validation } = progress.end;
  return { splits: { train: await cutTrain(folder, train, settings, progress.end), validation }, by: 'end' };
}
