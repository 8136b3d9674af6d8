import { describeValue } from '../../core/describe-value.ts';
import { ensure } from '../../core/errors.ts';
import { ensureTexts } from '../../core/kind.ts';
import { printable } from '../../core/printable.ts';
import { fromByteCharacters } from '../hugging-face/byte-characters.ts';
import type { LearnMergesOptions } from './learn-merges.ts';
import { isPatternName, patternNames } from './patterns.ts';
import type { PatternChoice } from './word-pattern.ts';

export interface TrainTokenizerOptions extends Pick<LearnMergesOptions, 'minCount' | 'signal'> {
  /** The number of tokens: 256 bytes, the learned ones and the special ones. There are fewer where the texts have no more pairs. */
  vocabSize: number;
  /**
   * How a text is cut into the words within which bytes merge: a named pattern, or a regular expression in Oniguruma's syntax, as in tokenizer.json.
   * Defaults to `gpt2`.
   */
  pattern?: PatternChoice | undefined;
  /** Tokens that are never part of others; the first ends a text. They have the last ids. Defaults to `<|endoftext|>` alone. */
  specialTokens?: readonly string[] | undefined;
}

/** The options with their defaults. Throws a TsgptError if one is invalid. */
export function completeTrainingOptions(operation: string, options: TrainTokenizerOptions) {
  const { vocabSize, pattern = 'gpt2', specialTokens = ['<|endoftext|>'], minCount = 1, signal } = options;
  ensureTexts(operation, 'specialTokens', specialTokens);
  for (const [i, token] of specialTokens.entries()) checkSpecialToken(token, specialTokens.indexOf(token) === i);
  const least = 256 + specialTokens.length;
  ensure(
    Number.isSafeInteger(vocabSize) && vocabSize >= least && vocabSize < 2 ** 21,
    `vocabSize must be a whole number from ${least}, the bytes and the special tokens, to ${2 ** 21 - 1}, but is ${describeValue(vocabSize)}`,
  );
  ensure(
    isPatternName(pattern) || (typeof pattern === 'object' && typeof pattern?.regex === 'string'),
    () => `there is no pattern ${describeValue(pattern)}; choose ${patternNames.join(', ')}, or give { regex }`,
  );
  ensure(
    Number.isSafeInteger(minCount) && minCount >= 1,
    `minCount must be a whole number of at least 1, but is ${describeValue(minCount)}`,
  );
  return { vocabSize, pattern, specialTokens, minCount, signal };
}

export type CompleteTrainingOptions = ReturnType<typeof completeTrainingOptions>;

function checkSpecialToken(token: unknown, isFirst: boolean): void {
  ensure(
    typeof token === 'string' && token.length > 1 && !/\p{Surrogate}/u.test(token) && isFirst,
    () => `special tokens must be different texts of at least two characters, but there is ${printable(String(token))}`,
  );
  // In tokenizer.json, every byte of an ordinary token is a character. A special token must not look like an ordinary one.
  ensure(
    /^[\x21-\x7e]*$/.test(token) || fromByteCharacters(token) === undefined,
    () =>
      `the special token ${printable(token)} cannot be told from an ordinary one; use ASCII characters, as in <|endoftext|>`,
  );
}
