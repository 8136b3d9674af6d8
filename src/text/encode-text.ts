import { ensureKind } from '../core/kind.ts';
import { knownOptions, type OptionNames } from '../core/options.ts';
import type { Tokenizer } from '../tokenizer/tokenizer.ts';
import { type EncodeTextOptions, encodedParts } from './encoded-parts.ts';
import { ensureSource, readOptionNames, type TextSource } from './text-source.ts';

/** A whole text as token ids, 16 bits each if the vocabulary is small enough. */
export type TokenIds = Uint16Array | Uint32Array;

export const encodeTextOptions: OptionNames<EncodeTextOptions> = { allowSpecial: true, ...readOptionNames };

/**
 * The token ids of all of `source`. Every document is encoded as a whole, without `beginOfTextIds`. Memory is proportional to the number of ids.
 *
 * Between two documents comes the end-of-text token, if the tokenizer has one.
 */
export async function encodeText(
  source: TextSource,
  tokenizer: Tokenizer,
  options: EncodeTextOptions = {},
): Promise<TokenIds> {
  ensureSource('encodeText', source);
  ensureKind('encodeText', 'a tokenizer', tokenizer, 'encode', 'vocabSize');
  knownOptions('encodeText', options, encodeTextOptions);
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
