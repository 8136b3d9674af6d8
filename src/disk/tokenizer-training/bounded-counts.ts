import { WordCounts } from '../../tokenizer/training/word-counts.ts';
import type { PatternChoice } from '../../tokenizer/training/word-pattern.ts';
import type { WordTableParts } from '../../tokenizer/training/word-table.ts';
import { type SpilledSegment, WordSpill } from './word-spill.ts';

export interface BoundedCountsOptions {
  pattern: PatternChoice;
  specialTokens: readonly string[];
  /** The most bytes of memory for words. */
  maxBytes: number;
  /** Where words go that find no room in memory. */
  spillPath: string;
}

/** What has been counted. */
export interface CountedWords {
  /** The words in memory. */
  readonly inMemory: WordTableParts;
  /** The words in files; a word may be in several places. */
  readonly spilled: readonly SpilledSegment[];
  /** The number of words written to files. */
  readonly spilledWords: number;
}

/** Counts words in bounded memory: when there is no more room, all that has been counted is written to a file. */
export class BoundedCounts {
  readonly #counts: WordCounts;
  readonly #spill: WordSpill;

  /** @throws TsgptError if the pattern is invalid */
  constructor({ pattern, specialTokens, maxBytes, spillPath }: BoundedCountsOptions) {
    this.#spill = new WordSpill(spillPath);
    const onFull = () => {
      this.#spill.write(this.#counts.table);
      this.#counts.table.clear();
    };
    this.#counts = new WordCounts(pattern, specialTokens, { maxBytes, onFull });
  }

  /** Counts the words of texts that end between two words. */
  add(texts: readonly string[]): void {
    for (const text of texts) this.#counts.add(text);
  }

  finish(): CountedWords {
    this.#spill.close();
    return {
      inMemory: this.#counts.table.parts(),
      spilled: this.#spill.segments,
      spilledWords: this.#spill.words,
    };
  }

  /** Closes the file for words, also when the counting has not come to its end. */
  close(): void {
    this.#spill.close();
  }
}
