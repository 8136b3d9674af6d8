import type { Tokenizer } from '../tokenizer/tokenizer.ts';
import { type ReadOptions, readChunks, type TextSource } from './text-source.ts';

/** A whole text as token ids, 16 bits each when the vocabulary allows. */
export type TokenIds = Uint16Array | Uint32Array;

export interface EncodeTextOptions extends ReadOptions {
  /** Whether `<|endoftext|>` written in the text is the special token; see {@link Tokenizer.encode}. */
  allowSpecial?: boolean;
}

/**
 * The token ids of all of `source`. Memory is proportional to the ids, whatever the length of the text.
 *
 * Between two documents stands the tokenizer's end-of-text token; a tokenizer without one gets the documents one
 * directly after the other.
 */
export async function encodeText(
  source: TextSource,
  tokenizer: Tokenizer,
  { allowSpecial = false, ...readOptions }: EncodeTextOptions = {},
): Promise<TokenIds> {
  const IdArray = tokenizer.vocabSize <= 2 ** 16 ? Uint16Array : Uint32Array;
  const blocks: TokenIds[] = [];
  const encode = (text: string) => blocks.push(IdArray.from(tokenizer.encode(text, { allowSpecial })));

  let rest = '';
  let current = 0;
  for await (const { text, document } of readChunks(source, readOptions)) {
    if (document !== current) {
      encode(rest);
      rest = '';
      current = document;
      if (tokenizer.endOfTextId !== undefined) blocks.push(IdArray.of(tokenizer.endOfTextId));
    }
    rest += text;
    const cut = lastCut(rest);
    encode(rest.slice(0, cut));
    rest = rest.slice(cut);
  }
  encode(rest);

  const ids = new IdArray(blocks.reduce((length, block) => length + block.length, 0));
  let offset = 0;
  for (const block of blocks) {
    ids.set(block, offset);
    offset += block.length;
  }
  return ids;
}

/** More text than this without a place to cut is cut nevertheless. */
const LONGEST_REST = 2 ** 16;

/**
 * The last place where `text` may be cut so that encoding both parts gives the ids of the whole, whatever follows; 0 if
 * there is none yet.
 *
 * That is before white space that follows something else. GPT-2 first cuts a text into words, and in its pattern white
 * space only ever begins a word, or is all of it: no word goes on from something else into white space. So a word ends
 * there in any case; and since the pattern looks ahead only from white space, and never back, it finds the same words
 * on either side. Tokenizers that encode each character by itself can be cut anywhere.
 *
 * Where a text has no such place for 65,536 characters (a genome, an encoded picture, nothing but spaces), it is cut
 * between two characters. The tokens beside that cut may differ from those of the whole; they decode to the same text.
 */
function lastCut(text: string): number {
  for (let i = text.length - 1; i > 0; i--) {
    if (isWhiteSpace(text[i]!) && !isWhiteSpace(text[i - 1]!)) return i;
  }
  return text.length > LONGEST_REST ? text.length : 0;
}

const isWhiteSpace = (character: string) => /\p{White_Space}/u.test(character);
