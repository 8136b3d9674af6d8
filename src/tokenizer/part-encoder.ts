import type { EncodeOptions, Tokenizer } from './tokenizer.ts';

/** Encodes parts of a text so that their tokens, one after the other, are those of the whole text, if it was cut between words. */
export class PartEncoder {
  readonly #tokenizer: Tokenizer;
  readonly #options: EncodeOptions;
  #addedSpaces: number;

  /** @param addedSpaces as {@link addedSpaces}, if the text's beginning has been encoded elsewhere. Defaults to 0 */
  constructor(tokenizer: Tokenizer, options: EncodeOptions, addedSpaces = 0) {
    this.#tokenizer = tokenizer;
    this.#options = options;
    this.#addedSpaces = addedSpaces;
  }

  /** The number of spaces that the tokenizer has put before the text; those converted from SentencePiece do. */
  get addedSpaces(): number {
    return this.#addedSpaces;
  }

  /** The tokens of the beginning of a text. */
  beginning(text: string): readonly number[] {
    const ids = this.#tokenizer.encode(text, this.#options);
    // decode() removes these spaces; a stream decoder, which continues a text, does not.
    const first = ids.slice(0, 1);
    const inside = this.textOf(first);
    this.#addedSpaces = inside.startsWith(' ') ? inside.length - this.#tokenizer.decode(first).length : 0;
    return ids;
  }

  /** The tokens of a text that continues another, without spaces added before it. */
  inside(text: string): readonly number[] {
    const spaces = ' '.repeat(this.#addedSpaces);
    if (text.startsWith(spaces)) return this.#tokenizer.encode(text.slice(spaces.length), this.#options);
    const ids = this.#tokenizer.encode(text, this.#options);
    return this.textOf(ids.slice(0, 1)) === spaces ? ids.slice(1) : ids;
  }

  /** The text of tokens inside another. */
  textOf(ids: readonly number[]): string {
    const decoder = this.#tokenizer.streamDecoder();
    return ids.map((id) => decoder.push(id)).join('') + decoder.end();
  }
}

export function sameIds(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((id, i) => id === b[i]);
}
