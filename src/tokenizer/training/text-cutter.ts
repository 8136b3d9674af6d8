import type { WordPattern } from './word-pattern.ts';

/** A text without a place between two words is cut anyway after so many 16-bit units: then memory matters more than one word. */
const longestRest = 2 ** 20;

/**
 * Cuts a text that arrives in pieces where no word and no special token is cut: the words of the parts are those of the whole text. Where it is cut
 * depends on the text alone, not on the pieces.
 */
export class TextCutter {
  readonly #pattern: WordPattern;
  readonly #blockLength: number;
  #pieces: string[] = [];
  #length = 0;
  #rest = '';

  /** @param blockLength after as many 16-bit units of text a place to cut is looked for */
  constructor(pattern: WordPattern, blockLength = 2 ** 18) {
    this.#pattern = pattern;
    this.#blockLength = blockLength;
  }

  /** Takes the next piece, and yields the parts of the text that are complete. */
  *push(piece: string): Generator<string> {
    this.#pieces.push(piece);
    this.#length += piece.length;
    const blockLength = this.#blockLength;
    if (this.#length < blockLength) return;
    const text = this.#pieces.join('');
    let start = 0;
    for (; start + blockLength <= text.length; start += blockLength) {
      this.#rest += text.slice(start, start + blockLength);
      const cut = this.#cut();
      if (cut > 0) yield this.#release(cut);
    }
    this.#pieces = [text.slice(start)];
    this.#length = text.length - start;
  }

  /** The rest of the text. */
  *end(): Generator<string> {
    const rest = this.#rest + this.#pieces.join('');
    [this.#rest, this.#pieces, this.#length] = ['', [], 0];
    if (rest !== '') yield rest;
  }

  #cut(): number {
    const { end, open } = this.#pattern.specialTokens.last(this.#rest);
    const cut = end + this.#pattern.lastCut(this.#rest.slice(end), open - end);
    if (cut > 0 || open < longestRest) return cut;
    return this.#rest.codePointAt(open - 1)! > 0xffff ? open - 1 : open;
  }

  #release(end: number): string {
    const text = this.#rest.slice(0, end);
    this.#rest = this.#rest.slice(end);
    return text;
  }
}
