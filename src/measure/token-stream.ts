import { encodedParts } from '../text/encoded-parts.ts';
import type { TextSource } from '../text/text-source.ts';
import type { EncodedPart } from '../tokenizer/document-encoder.ts';
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
  for await (const part of encodedParts(source, tokenizer)) yield textTokens(tokenizer, part);
}

/**
 * The tokens with their sizes, which add up to that of the text. If the tokens are not exactly the text, as with a space before it or an
 * unknown character, all get a little less or more.
 */
function textTokens(tokenizer: Tokenizer, { text, ids }: EncodedPart): TextToken[] {
  const ofTokens = ids.map((id) => sizeOf(tokenizer.tokenBytes(id)));
  const ofText = sizeOf(new TextEncoder().encode(text));
  const share = (size: 'bytes' | 'characters') => {
    const total = ofTokens.reduce((sum, token) => sum + token[size], 0);
    return total === 0 ? 0 : ofText[size] / total;
  };
  const bytes = share('bytes');
  const characters = share('characters');
  return ids.map((id, i) => ({
    id,
    bytes: ofTokens[i]!.bytes * bytes,
    characters: ofTokens[i]!.characters * characters,
  }));
}

/** How many bytes there are, and how many of them begin a character. */
function sizeOf(utf8: Uint8Array): { bytes: number; characters: number } {
  let characters = 0;
  for (const byte of utf8) if (byte >> 6 !== 0b10) characters++;
  return { bytes: utf8.length, characters };
}
