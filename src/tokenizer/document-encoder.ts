import { PartEncoder, sameIds } from './part-encoder.ts';
import type { EncodeOptions, Tokenizer } from './tokenizer.ts';

/** A part of a text and its tokens. */
export interface EncodedPart {
  readonly text: string;
  readonly ids: readonly number[];
}

/**
 * Encodes a text that arrives in pieces: the tokens are those of the whole text, without all of it in memory.
 *
 * The last tokens of a piece may change when more text follows, so some are held back and encoded again with the next piece. A cut is safe if
 * encoding the text after it alone gives the same tokens as before. The encoder looks for such a cut. With most tokenizers there is one between
 * any two words; some tokenizers have tokens of several words.
 */
export class DocumentEncoder {
  readonly #parts: PartEncoder;
  readonly #heldBack: number;
  #rest = '';
  #isBeginning = true;

  /** @param heldBack the least number of tokens to hold back. Defaults to 64. */
  constructor(tokenizer: Tokenizer, options: EncodeOptions = {}, heldBack = 64) {
    this.#parts = new PartEncoder(tokenizer, options);
    this.#heldBack = heldBack;
  }

  /** Takes the next piece and returns the part of the text whose tokens can no longer change. */
  push(piece: string): EncodedPart {
    this.#rest += piece;
    const ids = this.#encode(this.#rest);
    const last = ids.length - this.#heldBack;
    const earliest = Math.max(1, last - 100);
    for (let cut = last; cut >= earliest; cut--) {
      const kept = ids.slice(cut);
      const text = this.#parts.textOf(kept);
      if (this.#rest.endsWith(text) && sameIds(this.#parts.inside(text), kept)) return this.#release(ids, cut, text);
    }
    const inWords = this.#cutBeforeWord(ids, last);
    if (inWords) return this.#release(ids, inWords.cut, inWords.text);
    // Without a safe cut the text stays whole. A very long one is cut anyway: then memory matters more than a few tokens.
    if (ids.length < longestRest) return { text: '', ids: [] };
    return this.#release(ids, ids.length, '');
  }

  /**
   * A safe cut near token `last`, at white space. A tokenizer that changes the text, for example to lower case, has such cuts, although the text
   * of its tokens is no end of the text.
   */
  #cutBeforeWord(ids: readonly number[], last: number): { cut: number; text: string } | undefined {
    const rest = this.#rest;
    let at = Math.floor((rest.length * Math.max(0, last)) / ids.length);
    for (let tries = 0; tries < mostTries && at > 0; at--) {
      if (!/\s/.test(rest[at]!)) continue;
      tries++;
      for (const text of [rest.slice(at), rest.slice(at + 1)]) {
        const kept = this.#parts.inside(text);
        const cut = ids.length - kept.length;
        if (cut > 0 && cut <= last && sameIds(ids.slice(cut), kept)) return { cut, text };
      }
    }
    return undefined;
  }

  /** The part of the text that was held back. */
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
    return this.#isBeginning ? this.#parts.beginning(text) : this.#parts.inside(text);
  }
}

/** The most places at white space where a cut is tried. */
const mostTries = 20;

/** A text of this many tokens is cut even without a safe cut. */
const longestRest = 2 ** 22;
