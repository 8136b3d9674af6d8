import { readChunks, type TextSource } from '../data/text-source.ts';
import type { Tokenizer } from '../tokenizer/tokenizer.ts';

/** A token of a text, and how much of the text it stands for. */
export interface TextToken {
  readonly id: number;
  /** In UTF-8; 0 for a token that stands between texts. */
  readonly bytes: number;
  /** How many characters (code points) begin in it: a token may hold only a part of one. */
  readonly characters: number;
}

/**
 * The tokens of `source`, as much at a time as is read at a time, so that memory does not grow with the text. They are those of
 * the whole text, without the ids that a text begins with; between two documents stands the end-of-text token, if there is one.
 */
export async function* tokenStream(source: TextSource, tokenizer: Tokenizer): AsyncGenerator<TextToken[]> {
  const { endOfTextId } = tokenizer;
  let encoder = new DocumentEncoder(tokenizer);
  let rest = '';
  let current = 0;
  for await (const { text, document } of readChunks(source)) {
    if (document !== current) {
      yield encoder.next(rest);
      if (endOfTextId !== undefined) yield [{ id: endOfTextId, bytes: 0, characters: 0 }];
      encoder = new DocumentEncoder(tokenizer);
      rest = '';
      current = document;
    }
    rest += text;
    const cut = lastCut(rest);
    yield encoder.next(rest.slice(0, cut));
    rest = rest.slice(cut);
  }
  yield encoder.next(rest);
}

/**
 * Encodes the pieces of one document. Tokenizers converted from SentencePiece put a space before whatever they encode, which is right
 * only for the first piece; from one that continues a text its own first space is taken away instead.
 */
class DocumentEncoder {
  readonly #tokenizer: Tokenizer;
  #isFirst = true;
  /** How many spaces the tokenizer puts before a text. */
  #added = 0;

  constructor(tokenizer: Tokenizer) {
    this.#tokenizer = tokenizer;
  }

  next(text: string): TextToken[] {
    if (text === '') return [];
    const takesAway = !this.#isFirst && text.startsWith(' '.repeat(this.#added));
    const ids = this.#tokenizer.encode(takesAway ? text.slice(this.#added) : text);
    if (this.#isFirst) this.#added = addedSpaces(this.#tokenizer, ids);
    this.#isFirst = false;
    const tokens = ids.map((id) => textToken(this.#tokenizer, id));
    if (!takesAway && tokens[0]) {
      const { id, bytes, characters } = tokens[0];
      tokens[0] = { id, bytes: bytes - this.#added, characters: characters - this.#added };
    }
    return tokens;
  }
}

/** How many spaces at the beginning of `ids` are none of the text: decoding takes them away, going on from other tokens does not. */
function addedSpaces(tokenizer: Tokenizer, ids: readonly number[]): number {
  const first = ids.slice(0, 1);
  const inTheMiddle = first.map((id) => tokenizer.streamDecoder().push(id)).join('');
  return inTheMiddle.startsWith(' ') ? inTheMiddle.length - tokenizer.decode(first).length : 0;
}

function textToken(tokenizer: Tokenizer, id: number): TextToken {
  const bytes = tokenizer.tokenBytes(id);
  const characters = bytes.reduce((count, byte) => (byte >> 6 === 0b10 ? count : count + 1), 0);
  return { id, bytes: bytes.length, characters };
}

/** More text than this without a good place to cut is cut where it can be. */
const longestRest = 2 ** 16;

/**
 * The last place where `text` may be cut without changing its tokens, whatever follows; 0 if there is none yet. No published way
 * of splitting a text into words joins a letter or digit with a space after it, nor lets the space before a letter belong to what
 * is before it. Where there is no such place for long, any white space must do, and where there is none either, any character:
 * the tokens beside that cut may then differ from those of the whole.
 */
function lastCut(text: string): number {
  for (let i = text.lastIndexOf(' '); i > 0; i = text.lastIndexOf(' ', i - 1)) {
    if (/[\p{L}\p{N}]$/u.test(text.slice(Math.max(0, i - 2), i)) && /^\p{L}/u.test(text.slice(i + 1, i + 3))) return i;
  }
  if (text.length <= longestRest) return 0;
  const whiteSpace = text.search(/(?<=\P{White_Space})\p{White_Space}+\P{White_Space}*$/u);
  return whiteSpace >= 0 ? whiteSpace : text.length;
}
