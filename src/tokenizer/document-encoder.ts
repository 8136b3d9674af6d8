import type { EncodeOptions, Tokenizer } from './tokenizer.ts';

/** A part of a text and its tokens. */
export interface EncodedPart {
  readonly text: string;
  readonly ids: readonly number[];
}

/**
 * The tokens of a text that arrives in pieces: those of the whole text, though not all of it is in memory.
 *
 * How a text ends decides about its last tokens, so some are held back until more is known. What is held back is encoded again
 * with what follows. That gives the same tokens if the place where it begins is one where the whole text falls apart: if encoding
 * what is behind that place by itself gives the tokens found there before. Such a place is looked for, as where it can be depends on the
 * tokenizer: most have one between two words, some have tokens of several words.
 */
export class DocumentEncoder {
  /** How many spaces the tokenizer puts before a text, as ones converted from SentencePiece do. */
  #addedSpaces = 0;
  readonly #tokenizer: Tokenizer;
  readonly #options: EncodeOptions;
  readonly #heldBack: number;
  #rest = '';
  #isBeginning = true;

  /** @param heldBack How many tokens are held back at least. */
  constructor(tokenizer: Tokenizer, options: EncodeOptions = {}, heldBack = 64) {
    this.#tokenizer = tokenizer;
    this.#options = options;
    this.#heldBack = heldBack;
  }

  /** What the next piece makes certain. */
  push(piece: string): EncodedPart {
    this.#rest += piece;
    const ids = this.#encode(this.#rest);
    const last = ids.length - this.#heldBack;
    const earliest = Math.max(1, last - 100);
    for (let cut = last; cut >= earliest; cut--) {
      const kept = ids.slice(cut);
      const text = this.#textOf(kept);
      if (this.#rest.endsWith(text) && sameIds(this.#encodeInside(text), kept)) return this.#release(ids, cut, text);
    }
    // A text that falls apart nowhere is one piece, unless it is so long that a few other tokens matter less than memory.
    if (ids.length < longestRest) return { text: '', ids: [] };
    return this.#release(ids, ids.length, '');
  }

  /** What was held back. */
  end(): EncodedPart {
    const ids = this.#rest === '' ? [] : this.#encode(this.#rest);
    return this.#release(ids, ids.length, '');
  }

  #release(ids: readonly number[], cut: number, rest: string): EncodedPart {
    const text = this.#rest.slice(0, this.#rest.length - rest.length);
    this.#rest = rest;
    this.#isBeginning &&= cut === 0;
    return { text, ids: ids.slice(0, cut) };
  }

  #encode(text: string): readonly number[] {
    if (!this.#isBeginning) return this.#encodeInside(text);
    const ids = this.#tokenizer.encode(text, this.#options);
    // Decoding takes these spaces away, going on from other tokens does not.
    const first = ids.slice(0, 1);
    const inside = this.#textOf(first);
    this.#addedSpaces = inside.startsWith(' ') ? inside.length - this.#tokenizer.decode(first).length : 0;
    return ids;
  }

  /** The tokens of a text that continues another, without spaces added before it. */
  #encodeInside(text: string): readonly number[] {
    const spaces = ' '.repeat(this.#addedSpaces);
    if (text.startsWith(spaces)) return this.#tokenizer.encode(text.slice(spaces.length), this.#options);
    const ids = this.#tokenizer.encode(text, this.#options);
    return this.#textOf(ids.slice(0, 1)) === spaces ? ids.slice(1) : ids;
  }

  /** The text of tokens inside another. */
  #textOf(ids: readonly number[]): string {
    const decoder = this.#tokenizer.streamDecoder();
    return ids.map((id) => decoder.push(id)).join('') + decoder.end();
  }
}

/** A text of so many tokens is not held back whole. */
const longestRest = 2 ** 22;

function sameIds(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((id, i) => id === b[i]);
}
