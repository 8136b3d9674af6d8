import { ensureKind } from '../core/kind.ts';
import type { StreamDecoder, Tokenizer } from './tokenizer.ts';

type TokensAsBytes = Pick<Tokenizer, 'tokenBytes'>;

// A byte order mark is an ordinary character here, so that decoding gives back the encoded text.
const newTextDecoder = () => new TextDecoder('utf-8', { ignoreBOM: true });

/** The text of `ids`: their bytes, joined and decoded as UTF-8. */
export function decodeTokens(tokenizer: TokensAsBytes, ids: Iterable<number>): string {
  ensureKind('decode', 'token ids, as an array', ids, Symbol.iterator);
  const pieces = Array.from(ids, (id) => tokenizer.tokenBytes(id));
  const bytes = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let offset = 0;
  for (const piece of pieces) {
    bytes.set(piece, offset);
    offset += piece.length;
  }
  return newTextDecoder().decode(bytes);
}

/** A {@link StreamDecoder} for any tokenizer whose tokens are bytes. It leaves out `spaces` spaces at the beginning, or as many as there are. */
export function decodeTokenStream(tokenizer: TokensAsBytes, spaces = 0): StreamDecoder {
  const decoder = newTextDecoder();
  let left = spaces;
  const begun = (text: string) => {
    const rest = withoutSpaces(text, left);
    left = rest === '' ? left - text.length : 0;
    return rest;
  };
  return {
    push: (id) => begun(decoder.decode(tokenizer.tokenBytes(id), { stream: true })),
    end: () => begun(decoder.decode()),
  };
}

/** The text without its first `count` spaces, or as many as there are. */
export function withoutSpaces(text: string, count: number): string {
  let start = 0;
  while (start < count && text[start] === ' ') start++;
  return text.slice(start);
}
