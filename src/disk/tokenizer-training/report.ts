import { GPT2Tokenizer } from '../../tokenizer/gpt2.ts';
import type { Tokenizer } from '../../tokenizer/tokenizer.ts';
import type { CombinedCounts } from './combine-counts.ts';

/** What a training has done, and how good the tokenizer is. */
export interface TokenizerReport {
  /** The bytes that were read. */
  bytes: number;
  documents: number;
  /** The words of the texts, and the different ones among them. */
  words: number;
  differentWords: number;
  /** The number of words written to files because they found no room in memory. Their counts are exact all the same. */
  spilledWords: number;
  /** The rarest words, if all did not fit into memory: those that occur less than `below` times are left out. */
  leftOut?: { words: number; occurrences: number; below: number };
  /** The threads that have counted. */
  threads: number;
  /** Seconds for counting the words, and for learning the merges. */
  countingSeconds: number;
  mergingSeconds: number;
  /** On text that was not learned from, if there was some. */
  heldOut?: {
    bytes: number;
    /** The bytes of text that a token stands for, on average. */
    bytesPerToken: number;
    /** GPT-2's tokenizer on the same text. */
    gpt2BytesPerToken: number;
  };
  /** The longest tokens, the longest first. */
  longestTokens: string[];
}

const utf8 = new TextEncoder();

/** How a tokenizer does on texts that it has not learned from. */
export function measureHeldOut(tokenizer: Tokenizer, texts: readonly string[]): TokenizerReport['heldOut'] {
  const bytes = texts.reduce((sum, text) => sum + utf8.encode(text).length, 0);
  if (bytes === 0) return undefined;
  const tokensOf = (by: Tokenizer) =>
    texts.reduce((sum, text) => sum + by.encode(text, { allowSpecial: true }).length, 0);
  return {
    bytes,
    bytesPerToken: bytes / tokensOf(tokenizer),
    gpt2BytesPerToken: bytes / tokensOf(new GPT2Tokenizer()),
  };
}

/** The texts of the longest tokens, without the special ones. */
export function longestTokens(tokenizer: Tokenizer, count = 10): string[] {
  const special = new Set(tokenizer.specialTokens);
  const tokens = Array.from({ length: tokenizer.vocabSize }, (_, id) => id);
  const lengths = tokens.map((id) => tokenizer.tokenBytes(id).length);
  return tokens
    .sort((a, b) => lengths[b]! - lengths[a]! || a - b)
    .slice(0, count + special.size)
    .map((id) => tokenizer.decode([id]))
    .filter((text) => !special.has(text))
    .slice(0, count);
}

/** What the counting says about the words. */
export function wordFacts({ table, spilledWords, leftOut }: CombinedCounts) {
  return {
    words: table.total + (leftOut?.occurrences ?? 0),
    differentWords: table.size + (leftOut?.words ?? 0),
    spilledWords,
    ...(leftOut && { leftOut }),
  };
}
