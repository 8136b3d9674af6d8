import { rmSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeValue } from '../../core/describe-value.ts';
import { ensure, TsgptError } from '../../core/errors.ts';
import { ensureCount, ensureKind, ensureNumber, ensureString } from '../../core/kind.ts';
import { knownOptions, type OptionNames } from '../../core/options.ts';
import type { TextProgress, TextSource } from '../../text/text-source.ts';
import type { HuggingFaceTokenizer } from '../../tokenizer/index.ts';
import { learnMerges } from '../../tokenizer/training/learn-merges.ts';
import { TextCutter } from '../../tokenizer/training/text-cutter.ts';
import { tokenizerFromMerges } from '../../tokenizer/training/tokenizer-from-merges.ts';
import { completeTrainingOptions, type TrainTokenizerOptions } from '../../tokenizer/training/training-options.ts';
import { WordPattern } from '../../tokenizer/training/word-pattern.ts';
import { reasonOf } from '../system-errors.ts';
import { combineCounts } from './combine-counts.ts';
import { piecesOf } from './held-out.ts';
import { longestTokens, measureHeldOut, type TokenizerReport, wordFacts } from './report.ts';
import { createWordCounter, type WordCounter } from './word-counter.ts';

export interface TrainOnTextOptions extends TrainTokenizerOptions {
  /** Threads that count words. The tokenizer is the same with any number. Defaults to one for every processor. */
  threads?: number | undefined;
  /**
   * The most bytes of memory that the whole program is to take, at least 320 MB. Words that find no room are written to files, and counted all the
   * same. Only if merging all of them would take more, the rarest are left out; the report says so. Defaults to 10^9.
   */
  memory?: number | undefined;
  /** The share of the texts, at their end, that is not learned from but measured with; of at most 1 MB. Defaults to 0. */
  heldOut?: number | undefined;
  /** Where files for words are made, and removed again. Defaults to the system's folder for such files. */
  temporaryFolder?: string | undefined;
  /** Is called while the texts are read, and while merges are learned. */
  onProgress?: ((progress: TokenizerProgress) => void) | undefined;
}

/** How far a training is. */
export type TokenizerProgress =
  | ({ stage: 'words' } & TextProgress)
  | { stage: 'merges'; tokens: number; vocabSize: number };

const names: OptionNames<TrainOnTextOptions> = {
  ...{ vocabSize: true, pattern: true, specialTokens: true, minCount: true, signal: true },
  ...{ threads: true, memory: true, heldOut: true, temporaryFolder: true, onProgress: true },
};

const MB = 1e6;
/** What the program takes without words, and each thread. */
const ownMemory = 230 * MB;
const threadMemory = 64 * MB;
const leastMemory = 320 * MB;
/** A thread pays for itself with texts of so many bytes. */
const bytesPerThread = 2_000_000;
/** The texts that a thread is given at once have so many 16-bit units together. */
const portionLength = 2 ** 18;

/**
 * Trains a tokenizer as `trainTokenizer` does, on texts of any size: words are counted in several threads and in bounded memory.
 *
 *     const { tokenizer, report } = await trainTokenizerOnText(await openText('texts/'), { vocabSize: 32_000 });
 *     await saveTokenizer('my-tokenizer', tokenizer);
 *
 * @throws TsgptError if an option is invalid, a text cannot be read, or the disk is full; the signal's reason when aborted. No file is left behind.
 */
export async function trainTokenizerOnText(
  source: TextSource,
  options: TrainOnTextOptions,
): Promise<{ tokenizer: HuggingFaceTokenizer; report: TokenizerReport }> {
  ensureKind('trainTokenizerOnText', 'a text as from openText or textSourceOf', source, 'documents', 'bytes');
  ensureCount('the bytes of a text', source.bytes, 0);
  const known = knownOptions('trainTokenizerOnText', options, names);
  const { threads = availableParallelism(), memory = 1e9, heldOut: share = 0, onProgress } = known;
  const { temporaryFolder = tmpdir() } = known;
  ensureNumber('trainTokenizerOnText', 'memory', memory);
  ensureString('trainTokenizerOnText', 'temporaryFolder', temporaryFolder);
  const complete = completeTrainingOptions('trainTokenizerOnText', known);
  const { vocabSize, pattern, specialTokens, minCount, signal } = complete;
  ensure(
    Number.isInteger(threads) && threads >= 1 && threads <= 256,
    `threads must be a whole number from 1 to 256, but is ${describeValue(threads)}`,
  );
  ensure(share >= 0 && share < 1, `heldOut must be at least 0 and less than 1, but is ${describeValue(share)}`);
  const useful = Math.max(1, Math.min(threads, Math.ceil(source.bytes / bytesPerThread)));
  const least = Math.max(leastMemory, ownMemory + useful * 1.25 * threadMemory);
  ensure(
    memory >= least,
    `memory must be at least ${least / MB} MB for ${useful} threads, but is ${Math.floor(memory / MB)} MB`,
  );
  const wordPattern = new WordPattern(pattern, specialTokens); // invalid ones are refused before anything is read

  return inTemporaryFolder(temporaryFolder, async (folder) => {
    const start = performance.now();
    const maxBytes = (memory - ownMemory - useful * threadMemory) / 2 / useful;
    const counter = createWordCounter({ threads: useful, folder, pattern, specialTokens, maxBytes });
    const heldOut: string[] = [];
    const counted = await (async () => {
      try {
        await countWords(source, { share, signal, onProgress }, { counter, wordPattern, heldOut });
        return await counter.finish();
      } finally {
        await counter.stop();
      }
    })();
    const combined = combineCounts(counted, memory - ownMemory, folder);
    ensure(combined.table.size > 0, `${source.path} has no words to learn from; give more text`);
    const facts = wordFacts(combined);
    const afterCounting = performance.now();
    const learned = await learnMerges(combined.table, {
      ...{ vocabSize: vocabSize - specialTokens.length, minCount, signal },
      onProgress: (tokens) => onProgress?.({ stage: 'merges', tokens: tokens + specialTokens.length, vocabSize }),
    });
    signal?.throwIfAborted();
    const afterMerging = performance.now();
    const tokenizer = tokenizerFromMerges(learned, complete);
    const measured = measureHeldOut(tokenizer, heldOut);
    const report: TokenizerReport = {
      ...{ bytes: source.bytes, documents: source.documents.length },
      ...facts,
      threads: counter.threads,
      countingSeconds: (afterCounting - start) / 1000,
      mergingSeconds: (afterMerging - afterCounting) / 1000,
      ...(measured && { heldOut: measured }),
      longestTokens: longestTokens(tokenizer),
    };
    return { tokenizer, report };
  });
}

/** Gives the words of a source to a counter, and collects the text that is held out. */
async function countWords(
  source: TextSource,
  { share, signal, onProgress }: { share: number } & Pick<TrainOnTextOptions, 'signal' | 'onProgress'>,
  { counter, wordPattern, heldOut }: { counter: WordCounter; wordPattern: WordPattern; heldOut: string[] },
): Promise<void> {
  const cutter = new TextCutter(wordPattern);
  let portion: string[] = [];
  let length = 0;
  const add = async (parts: Iterable<string>) => {
    for (const part of parts) {
      portion.push(part);
      length += part.length;
      if (length < portionLength) continue;
      await counter.add(portion);
      [portion, length] = [[], 0];
    }
  };
  let current = 0;
  const report = (progress: TextProgress) => onProgress?.({ stage: 'words', ...progress });
  for await (const { text, document, isHeldOut } of piecesOf(source, share, { signal, onProgress: report })) {
    if (document !== current) await add(cutter.end());
    current = document;
    if (isHeldOut) heldOut.push(text);
    else await add(cutter.push(text));
  }
  await add(cutter.end());
  if (portion.length > 0) await counter.add(portion);
}

/** Runs `work` with a new folder, which is removed in the end in any case. */
async function inTemporaryFolder<T>(parent: string, work: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(parent, 'tsgpt-words-')).catch((cause: NodeJS.ErrnoException) => {
    throw new TsgptError(`cannot make a folder in ${parent}: ${reasonOf(cause)}; choose another temporaryFolder`, {
      cause,
    });
  });
  const removeOnExit = () => rmSync(folder, { recursive: true, force: true });
  process.once('exit', removeOnExit);
  try {
    return await work(folder);
  } finally {
    process.removeListener('exit', removeOnExit);
    await rm(folder, { recursive: true, force: true });
  }
}
