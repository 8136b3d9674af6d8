import { type PatternChoice, WordPattern } from './word-pattern.ts';
import { WordTable, type WordTableOptions } from './word-table.ts';

/** Counts the words of texts. Special tokens in a text are no words, and no word reaches across one. */
export class WordCounts {
  readonly table: WordTable;
  readonly pattern: WordPattern;

  /** @throws TsgptError if the pattern is invalid */
  constructor(pattern: PatternChoice, specialTokens: readonly string[], options: WordTableOptions = {}) {
    this.pattern = new WordPattern(pattern, specialTokens);
    this.table = new WordTable(options);
  }

  /** Counts the words of a text, or of a part of one that ends between two words. */
  add(text: string): void {
    for (const part of this.pattern.specialTokens.split(text)) {
      for (const word of this.pattern.words(part)) this.table.add(word);
    }
  }
}
