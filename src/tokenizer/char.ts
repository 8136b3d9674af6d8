import { ensure, TsgptError } from '../core/errors.ts';
import { ensureString } from '../core/kind.ts';
import { knownOptions } from '../core/options.ts';
import { quoted } from '../core/printable.ts';
import { decodeTokenStream, decodeTokens } from './decode.ts';
import {
  type EncodeOptions,
  encodeOptionNames,
  ensureTokenId,
  type StreamDecoder,
  type Tokenizer,
  type TokenizerJSON,
} from './tokenizer.ts';

/**
 * The simplest tokenizer: every character that occurs in the training text is a token.
 *
 * A character is a Unicode code point. There are no special tokens, so `allowSpecial` changes nothing.
 */
export class CharTokenizer implements Tokenizer {
  readonly kind = 'char';
  readonly vocabSize: number;
  readonly #characters: string;
  readonly #tokens: Uint8Array[];
  readonly #ids: Map<number, number>;

  /** @param characters the vocabulary: character number i has the id i. None may occur twice */
  constructor(characters: string) {
    ensureString('CharTokenizer', 'the characters', characters);
    const codePoints = Array.from(characters, (character) => codePoint(character, 0));
    ensure(codePoints.length > 0, 'a character vocabulary needs at least one character, but the text has none');
    this.vocabSize = codePoints.length;
    this.#characters = codePoints.map((point) => String.fromCodePoint(point)).join('');
    this.#tokens = codePoints.map((point) => new TextEncoder().encode(String.fromCodePoint(point)));
    this.#ids = new Map(codePoints.map((point, id) => [point, id]));
    ensure(this.#ids.size === this.vocabSize, 'a character occurs twice in the vocabulary; list every character once');
  }

  /** The tokenizer of the characters in `text`, in the order of their code points. */
  static fromText(text: string): CharTokenizer {
    ensureString('fromText', 'the text', text);
    return new CharVocabulary().add(text).build();
  }

  encode(text: string, options: EncodeOptions = {}): number[] {
    ensureString('encode', 'the text', text);
    knownOptions('encode', options, encodeOptionNames); // there are no special tokens
    const ids: number[] = [];
    for (let i = 0; i < text.length; i++) {
      const point = codePoint(text, i);
      const id = this.#ids.get(point);
      if (id === undefined) throw unknownCharacter(text, i, this.#knownForm(text, i));
      ids.push(id);
      if (point > 0xffff) i++; // It took two of the string's 16-bit units.
    }
    return ids;
  }

  /** The Unicode normal form in which the vocabulary has the letter at index `i` with all its marks, if there is one. */
  #knownForm(text: string, i: number): NormalForm | undefined {
    let start = i;
    while (start > 0 && /\p{M}/u.test(text[start]!)) start--;
    const [letter] = /^.\p{M}*/su.exec(text.slice(start))!;
    const isKnown = (form: NormalForm) =>
      Array.from(letter.normalize(form)).every((character) => this.#ids.has(character.codePointAt(0)!));
    return normalForms.find(isKnown);
  }

  decode(ids: Iterable<number>): string {
    return decodeTokens(this, ids);
  }

  tokenBytes(id: number): Uint8Array {
    ensureTokenId(id, this.vocabSize);
    return this.#tokens[id]!;
  }

  streamDecoder(): StreamDecoder {
    return decodeTokenStream(this);
  }

  toJSON(): TokenizerJSON {
    return { kind: this.kind, characters: this.#characters };
  }
}

/** Collects the characters of a text that arrives in chunks, such as one too large for a string. */
export class CharVocabulary {
  readonly #codePoints = new Set<number>();
  /** The first half of a surrogate pair at the end of a chunk; its second half may begin the next. */
  #pending = '';

  add(chunk: string): this {
    const text = this.#pending + chunk;
    const end = /[\ud800-\udbff]$/.test(text) ? text.length - 1 : text.length;
    for (let i = 0; i < end; i++) {
      const point = codePoint(text, i);
      this.#codePoints.add(point);
      if (point > 0xffff) i++;
    }
    this.#pending = text.slice(end);
    return this;
  }

  /** The tokenizer of all characters added, in code point order. Throws a TsgptError if there are none. */
  build(): CharTokenizer {
    if (this.#pending !== '') this.#codePoints.add(REPLACEMENT);
    const sorted = [...this.#codePoints].sort((a, b) => a - b);
    return new CharTokenizer(sorted.map((point) => String.fromCodePoint(point)).join(''));
  }
}

/** U+FFFD, which replaces half a surrogate pair, as in UTF-8. */
const REPLACEMENT = 0xfffd;

/** The code point of the character that begins at index `i`. */
function codePoint(text: string, i: number): number {
  const point = text.codePointAt(i)!;
  return point >= 0xd800 && point <= 0xdfff ? REPLACEMENT : point;
}

const elsewise = 'leave it out, or train on a text that has it, or train with the GPT-2 tokenizer';
const inForm = (form: NormalForm) =>
  `the same letter is there in another Unicode form, so bring the text to that form, ${form}`;

const normalForms = ['NFC', 'NFD'] as const;
type NormalForm = (typeof normalForms)[number];

function unknownCharacter(text: string, index: number, form?: NormalForm): TsgptError {
  const point = codePoint(text, index);
  const name = `U+${point.toString(16).toUpperCase().padStart(4, '0')}`;
  const before = index > 0 ? ` (after ${quoted(text.slice(Math.max(0, index - 20), index))})` : '';
  return new TsgptError(
    `the character ${quoted(String.fromCodePoint(point))} (${name}) at position ${index}${before} is not in ` +
      `the vocabulary of this character tokenizer; ${form ? inForm(form) : elsewise}`,
  );
}
