import { escapeRegExp, patternOf, splitText } from '../hugging-face/pattern.ts';

/** Counts the words of texts. Special tokens in a text are no words, and no word reaches across one. */
export class WordCounts {
  readonly #counts = new Map<string, number>();
  readonly #word: RegExp;
  readonly #specialToken: RegExp | undefined;

  /** @param pattern a regular expression in Oniguruma's syntax; text between its matches is a word, too */
  constructor(pattern: string, specialTokens: readonly string[]) {
    this.#word = patternOf({ Regex: pattern });
    const longestFirst = [...specialTokens].sort((a, b) => b.length - a.length);
    this.#specialToken =
      longestFirst.length > 0 ? new RegExp(longestFirst.map(escapeRegExp).join('|'), 'u') : undefined;
  }

  add(text: string): void {
    for (const part of this.#specialToken ? text.split(this.#specialToken) : [text]) {
      for (const word of splitText(part, this.#word, 'Isolated', false)) {
        this.#counts.set(word, (this.#counts.get(word) ?? 0) + 1);
      }
    }
  }

  /** The words as UTF-8, and how often each occurs. */
  *bytes(): Generator<readonly [word: Uint8Array, count: number]> {
    const utf8 = new TextEncoder();
    for (const [word, count] of this.#counts) yield [utf8.encode(word), count];
  }
}
