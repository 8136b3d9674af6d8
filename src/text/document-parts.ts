import { PartEncoder, sameIds } from '../tokenizer/part-encoder.ts';
import type { EncodeOptions, Tokenizer } from '../tokenizer/tokenizer.ts';

/** A part of a document whose tokens do not depend on the other parts. */
export interface DocumentPart {
  readonly text: string;
  /** The spaces that the tokenizer has put before the document; undefined in its first part, before which it puts them itself. */
  readonly addedSpaces?: number | undefined;
  readonly isEnd: boolean;
}

/** As many 16-bit units as a part has, about; one without a safe cut has up to {@link longestPart} times as many. */
export const partLength = 2 ** 17;
const longestPart = 16;

/** The text on both sides of a cut that shows whether it is safe, and how many cuts are tried. */
const CONTEXT = 512;
const MOST_TRIES = 32;

/** Where a letter or digit comes before something else: often the end of a word. */
const endOfWord = /(?<=[\p{L}\p{N}])(?=[^\p{L}\p{N}\p{M}])/gu;

/**
 * Cuts one document that arrives in pieces into parts, so that several threads can encode it. The parts depend on the text alone, not on the
 * pieces.
 *
 * A cut is safe if the text around it has the same tokens as both sides of it have one by one.
 */
export class DocumentCutter {
  readonly #encoder: PartEncoder;
  readonly #partLength: number;
  #rest = '';
  /** Not known before the document's first cut. */
  #addedSpaces: number | undefined;

  /**
   * @param length about how many 16-bit units a part has
   * @param addedSpaces as in the parts before, if the text continues a document
   */
  constructor(tokenizer: Tokenizer, options: EncodeOptions, length = partLength, addedSpaces?: number) {
    this.#encoder = new PartEncoder(tokenizer, options, addedSpaces);
    this.#partLength = length;
    this.#addedSpaces = addedSpaces;
  }

  /** The spaces before the document, as the next part needs them; undefined before the first cut. */
  get addedSpaces(): number | undefined {
    return this.#addedSpaces;
  }

  /** Takes the next piece, and gives the parts that are complete. */
  *push(piece: string, isEnd: boolean): Generator<DocumentPart, void, undefined> {
    this.#rest += piece;
    for (let cut = this.#nextCut(); cut !== undefined; cut = this.#nextCut()) {
      const part = { text: this.#rest.slice(0, cut), addedSpaces: this.#addedSpaces, isEnd: false };
      this.#addedSpaces = this.#encoder.addedSpaces;
      this.#rest = this.#rest.slice(cut);
      yield part;
    }
    if (!isEnd) return;
    yield { text: this.#rest, addedSpaces: this.#addedSpaces, isEnd: true };
    this.#rest = '';
  }

  /** The length of the next part; undefined if it is the rest of the document, or more text must come first. */
  #nextCut(): number | undefined {
    const length = this.#partLength;
    if (this.#rest.length < 2 * length + CONTEXT) return undefined;
    if (this.#addedSpaces === undefined) this.#encoder.beginning(this.#rest.slice(0, CONTEXT));
    // Which cut is taken must not depend on how much text happens to be there.
    const most = Math.min(longestPart, Math.floor((this.#rest.length - CONTEXT) / length) - 1);
    for (let size = 1; size <= most; size++) {
      const cut = this.#safeCut(size * length, (size + 1) * length);
      if (cut !== undefined) return cut;
    }
    if (most === longestPart) return characterBoundary(this.#rest, longestPart * length);
    return undefined;
  }

  #safeCut(from: number, to: number): number | undefined {
    endOfWord.lastIndex = from;
    for (let tries = 0; tries < MOST_TRIES; tries++) {
      const found = endOfWord.exec(this.#rest);
      if (!found || found.index >= to) return undefined;
      if (this.#isSafe(found.index)) return found.index;
      endOfWord.lastIndex = found.index + 1;
    }
    return undefined;
  }

  #isSafe(cut: number): boolean {
    const before = this.#rest.slice(characterBoundary(this.#rest, Math.max(0, cut - CONTEXT)), cut);
    const after = this.#rest.slice(cut, characterBoundary(this.#rest, cut + CONTEXT));
    const [left, right] = [this.#encoder.inside(before), this.#encoder.inside(after)];
    return sameIds(this.#encoder.inside(before + after), [...left, ...right]);
  }
}

/** The place itself or the one before it, so that both halves of a surrogate pair stay together. */
function characterBoundary(text: string, place: number): number {
  return place > 0 && place < text.length && text.codePointAt(place - 1)! > 0xffff ? place - 1 : place;
}
