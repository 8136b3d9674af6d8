import { escapeRegExp } from '../hugging-face/pattern.ts';

/** Finds special tokens that are spelled out in a text: from left to right, the longest where several begin at one place. */
export class SpecialFinder {
  readonly #anyToken: RegExp | undefined;
  readonly #longest: number;

  constructor(specialTokens: readonly string[]) {
    const longestFirst = [...specialTokens].sort((a, b) => b.length - a.length);
    this.#longest = longestFirst[0]?.length ?? 1;
    if (longestFirst.length > 0) this.#anyToken = new RegExp(longestFirst.map(escapeRegExp).join('|'), 'gu');
  }

  /** The text between the special tokens. */
  split(text: string): string[] {
    return this.#anyToken ? text.split(this.#anyToken) : [text];
  }

  /**
   * Where the last special token of a text ends that continues (0 if it has none), and from where on more text could change which there are.
   */
  last(text: string): { end: number; open: number } {
    let end = 0;
    let open = Math.max(0, text.length - this.#longest + 1);
    for (const { index, 0: token } of this.#anyToken ? text.matchAll(this.#anyToken) : []) {
      if (index >= open) {
        open = index;
        break;
      }
      end = index + token.length;
    }
    return { end, open: Math.max(end, open) };
  }
}
