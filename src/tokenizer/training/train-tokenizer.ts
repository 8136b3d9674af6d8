import { describeValue } from '../../core/describe-value.ts';
import { ensure } from '../../core/errors.ts';
import { ensureString } from '../../core/kind.ts';
import { knownOptions, type OptionNames } from '../../core/options.ts';
import type { HuggingFaceTokenizer } from '../hugging-face/tokenizer.ts';
import { learnMerges } from './learn-merges.ts';
import { TextCutter } from './text-cutter.ts';
import { tokenizerFromMerges } from './tokenizer-from-merges.ts';
import { completeTrainingOptions, type TrainTokenizerOptions } from './training-options.ts';
import { WordCounts } from './word-counts.ts';

export interface TrainFromTextsOptions extends TrainTokenizerOptions {
  /** Is called from time to time, when the words have been counted, with the number of tokens so far. */
  onProgress?: ((tokens: number) => void) | undefined;
}

const names: OptionNames<TrainFromTextsOptions> = {
  ...{ vocabSize: true, pattern: true, specialTokens: true, minCount: true, onProgress: true, signal: true },
};

/**
 * Trains a byte-level BPE tokenizer as GPT-2's (Radford et al., 2019) on texts, each a document. The ids 0 to 255 are the bytes. The pair that
 * occurs most often merges first, among equals the one with the greater bytes: so the same texts give the same tokenizer, in whatever order they come.
 *
 *     const tokenizer = await trainTokenizer(documents, { vocabSize: 4096 });
 *
 * Memory grows with the number of different words. In Node, `trainTokenizerOnText` reads files of any size with all processors in bounded memory.
 *
 * @throws TsgptError if an option is invalid; the signal's reason when aborted
 */
export async function trainTokenizer(
  texts: Iterable<string> | AsyncIterable<string>,
  options: TrainFromTextsOptions,
): Promise<HuggingFaceTokenizer> {
  const { onProgress, ...given } = knownOptions('trainTokenizer', options, names);
  const complete = completeTrainingOptions('trainTokenizer', given);
  const { vocabSize, pattern, specialTokens, minCount, signal } = complete;
  ensure(
    typeof texts === 'object' && texts !== null && (Symbol.iterator in texts || Symbol.asyncIterator in texts),
    () => `trainTokenizer: give the texts as an array, but not ${describeValue(texts)}`,
  );
  const words = new WordCounts(pattern, specialTokens);
  const cutter = new TextCutter(words.pattern);
  for await (const text of texts) {
    ensureString('trainTokenizer', 'a text', text);
    signal?.throwIfAborted();
    const wellFormed = text.replace(/\p{Surrogate}/gu, '\ufffd');
    for (const part of cutter.push(wellFormed)) words.add(part);
    for (const part of cutter.end()) words.add(part);
  }
  const learned = await learnMerges(words.table, {
    ...{ vocabSize: vocabSize - specialTokens.length, minCount, signal },
    onProgress: onProgress && ((tokens) => onProgress(tokens + specialTokens.length)),
  });
  signal?.throwIfAborted();
  return tokenizerFromMerges(learned, complete);
}
