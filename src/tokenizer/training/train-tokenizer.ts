import { describeValue } from '../../core/describe-value.ts';
import { ensure } from '../../core/errors.ts';
import { ensureString, ensureTexts } from '../../core/kind.ts';
import { knownOptions, type OptionNames } from '../../core/options.ts';
import { byteCharacters } from '../hugging-face/byte-characters.ts';
import { readHuggingFaceTokenizer } from '../hugging-face/read-files.ts';
import type { HuggingFaceTokenizer } from '../hugging-face/tokenizer.ts';
import { type LearnedMerges, type LearnMergesOptions, learnMerges } from './learn-merges.ts';
import { isPatternName, type PatternName, patternNames, wordPatterns } from './patterns.ts';
import { WordCounts } from './word-counts.ts';

export interface TrainTokenizerOptions extends Pick<LearnMergesOptions, 'minCount' | 'onProgress' | 'signal'> {
  /** The number of tokens: 256 bytes, the learned ones and the special ones. There are fewer where the texts have no more pairs. */
  vocabSize: number;
  /**
   * How a text is cut into the words within which bytes merge: a named pattern, or a regular expression in Oniguruma's syntax, as in tokenizer.json.
   * Defaults to `gpt2`.
   */
  pattern?: PatternName | { regex: string };
  /** Tokens that are never part of others; the first ends a text. They have the last ids. Defaults to `<|endoftext|>` alone. */
  specialTokens?: readonly string[];
}

const names: OptionNames<TrainTokenizerOptions> = {
  ...{ vocabSize: true, pattern: true, specialTokens: true, minCount: true, onProgress: true, signal: true },
};

/**
 * Trains a byte-level BPE tokenizer as GPT-2's (Radford et al., 2019) on texts, each a document. The ids 0 to 255 are the bytes. The pair that
 * occurs most often merges first, among equals the one with the greater bytes: so the same texts give the same tokenizer, in whatever order they come.
 *
 *     const tokenizer = await trainTokenizer(documents, { vocabSize: 4096 });
 *
 * @throws TsgptError if an option is invalid; the signal's reason when aborted
 */
export async function trainTokenizer(
  texts: Iterable<string> | AsyncIterable<string>,
  options: TrainTokenizerOptions,
): Promise<HuggingFaceTokenizer> {
  const known = knownOptions('trainTokenizer', options, names);
  const { vocabSize, pattern = 'gpt2', specialTokens = ['<|endoftext|>'], minCount, onProgress, signal } = known;
  ensureTexts('trainTokenizer', 'specialTokens', specialTokens);
  checkSpecialTokens(specialTokens);
  const least = 256 + specialTokens.length;
  ensure(
    Number.isSafeInteger(vocabSize) && vocabSize >= least && vocabSize < 2 ** 21,
    `vocabSize must be a whole number from ${least}, the bytes and the special tokens, to ${2 ** 21 - 1}, but is ${describeValue(vocabSize)}`,
  );
  ensure(
    typeof pattern === 'object' ? typeof pattern?.regex === 'string' : isPatternName(pattern),
    () => `there is no pattern ${describeValue(pattern)}; choose ${patternNames.join(', ')}, or give { regex }`,
  );
  const words = new WordCounts(typeof pattern === 'object' ? pattern.regex : wordPatterns[pattern], specialTokens);
  ensure(
    typeof texts === 'object' && texts !== null && (Symbol.iterator in texts || Symbol.asyncIterator in texts),
    () => `trainTokenizer: give the texts as an array, but not ${describeValue(texts)}`,
  );
  for await (const text of texts) {
    ensureString('trainTokenizer', 'a text', text);
    signal?.throwIfAborted();
    words.add(text);
  }
  const learned = learnMerges(words.bytes(), {
    ...{ vocabSize: vocabSize - specialTokens.length, minCount, signal },
    onProgress: onProgress && ((tokens) => onProgress(tokens + specialTokens.length)),
  });
  return readHuggingFaceTokenizer(tokenizerFiles(learned, pattern, specialTokens))!;
}

function checkSpecialTokens(specialTokens: readonly string[]): void {
  for (const [i, token] of specialTokens.entries()) {
    ensure(
      typeof token === 'string' && token.length > 1 && specialTokens.indexOf(token) === i,
      () => `special tokens must be different texts of at least two characters, but there is ${JSON.stringify(token)}`,
    );
  }
}

/** The tokenizer in Hugging Face's form. */
function tokenizerFiles(
  { tokens, merges }: LearnedMerges,
  pattern: PatternName | { regex: string },
  specialTokens: readonly string[],
) {
  const byteLevel = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true };
  const split = { type: 'Split', behavior: 'Isolated', invert: false };
  const regex = typeof pattern === 'object' ? pattern.regex : wordPatterns[pattern];
  const texts = tokens.map(byteCharacters);
  const json = {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: specialTokens.map((content, i) => ({
      ...{ id: tokens.length + i, content, special: true },
      ...{ single_word: false, lstrip: false, rstrip: false, normalized: false },
    })),
    normalizer: null,
    pre_tokenizer:
      pattern === 'gpt2'
        ? { ...byteLevel, use_regex: true }
        : {
            type: 'Sequence',
            pretokenizers: [
              { ...split, pattern: { Regex: regex } },
              { ...byteLevel, use_regex: false },
            ],
          },
    post_processor: null,
    decoder: { ...byteLevel, use_regex: true },
    model: {
      ...{ type: 'BPE', dropout: null, unk_token: null, continuing_subword_prefix: null, end_of_word_suffix: null },
      ...{ fuse_unk: false, byte_fallback: false, ignore_merges: false },
      vocab: Object.fromEntries(texts.map((text, id) => [text, id])),
      merges: merges.map((pair) => pair.map((id) => texts[id]!)),
    },
  };
  const [endOfText] = specialTokens;
  const config = {
    tokenizer_class: 'PreTrainedTokenizerFast',
    clean_up_tokenization_spaces: false,
    ...(endOfText !== undefined && { bos_token: endOfText, eos_token: endOfText }),
  };
  return { 'tokenizer.json': JSON.stringify(json), 'tokenizer_config.json': JSON.stringify(config) };
}
