import type { Tokenizer } from '../tokenizer/tokenizer.ts';
import { type EncodeTextOptions, encodedParts } from './encoded-parts.ts';
import type { TextSource } from './text-source.ts';

/** A whole text as token ids, 16 bits each when the vocabulary allows. */
export type TokenIds = Uint16Array | Uint32Array;

/**
 * The token ids of all of `source`: those of each whole document, without the ids that a text begins with. Memory is proportional to
 * the ids, whatever the length of the text.
 *
 * Between two documents stands the tokenizer's end-of-text token; a tokenizer without one gets the documents one
 * directly after the other.
 */
export async function encodeText(
  source: TextSource,
  tokenizer: Tokenizer,
  options: EncodeTextOptions = {},
): Promise<TokenIds> {
  const IdArray = tokenizer.vocabSize <= 2 ** 16 ? Uint16Array : Uint32Array;
  const blocks: TokenIds[] = [];
  for await (const { ids } of encodedParts(source, tokenizer, options)) blocks.push(IdArray.from(ids));

  const ids = new IdArray(blocks.reduce((length, block) => length + block.length, 0));
  let offset = 0;
  for (const block of blocks) {
    ids.set(block, offset);
    offset += block.length;
  }
  return ids;
}
