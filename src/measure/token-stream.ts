import { ensureKind } from '../core/kind.ts';
import { knownOptions } from '../core/options.ts';
import { encodeTextOptions } from '../text/encode-text.ts';
import { type EncodeTextOptions, encodedParts } from '../text/encoded-parts.ts';
import { ensureSource, type TextSource } from '../text/text-source.ts';
import type { EncodedPart } from '../tokenizer/document-encoder.ts';
import type { Tokenizer } from '../tokenizer/tokenizer.ts';

/** A token of a text, and the size of its part of the text. */
export interface TextToken {
  readonly id: number;
  /** The number of UTF-8 bytes; 0 for a token between documents. */
  readonly bytes: number;
  /** The number of characters (code points) that begin in it: a token may hold only a part of one. */
  readonly characters: number;
}

/**
 * The tokens of `source`, one chunk at a time, so that memory does not grow with the text. They are the tokens of the whole text, without
 * `beginOfTextIds`. Between two documents comes the end-of-text token, if there is one.
 */
export async function* tokenStream(
  source: TextSource,
  tokenizer: Tokenizer,
  options: EncodeTextOptions = {},
): AsyncGenerator<TextToken[]> {
  knownOptions('tokenStream', options, encodeTextOptions);
  ensureSource('tokenStream', source);
  ensureKind('tokenStream', 'a tokenizer', tokenizer, 'encode', 'tokenBytes');
  for await (const part of encodedParts(source, tokenizer, options)) yield textTokens(tokenizer, part);
}

/**
 * The tokens with their sizes, which add up to the size of the text. If the tokens do not decode to exactly the text, because of an added
 * space or an unknown character, all sizes are scaled a little.
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

/** The number of bytes, and of characters that begin in them. */
function sizeOf(utf8: Uint8Array): { bytes: number; characters: number } {
  let characters = 0;
  for (const byte of utf8) if (byte >> 6 !== 0b10) characters++;
  return { bytes: utf8.length, characters };
}
