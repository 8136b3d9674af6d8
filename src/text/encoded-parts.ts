import { DocumentEncoder, type EncodedPart } from '../tokenizer/document-encoder.ts';
import type { EncodeOptions, Tokenizer } from '../tokenizer/tokenizer.ts';
import { type ReadOptions, readChunks, type TextSource } from './text-source.ts';

export interface EncodeTextOptions extends ReadOptions, EncodeOptions {}

/**
 * `source` and its tokens, a part for every chunk that is read, so that memory does not grow with the text. The tokens are the same as if every
 * document were encoded as a whole, without `beginOfTextIds`. Between two documents comes the end-of-text token, whose text is empty, if the
 * tokenizer has one.
 */
export async function* encodedParts(
  source: TextSource,
  tokenizer: Tokenizer,
  { allowSpecial = false, ...readOptions }: EncodeTextOptions = {},
): AsyncGenerator<EncodedPart> {
  const { endOfTextId } = tokenizer;
  let encoder = new DocumentEncoder(tokenizer, { allowSpecial });
  let current = 0;
  for await (const { text, document } of readChunks(source, readOptions)) {
    if (document !== current) {
      yield encoder.end();
      if (endOfTextId !== undefined) yield { text: '', ids: [endOfTextId] };
      encoder = new DocumentEncoder(tokenizer, { allowSpecial });
      current = document;
    }
    yield encoder.push(text);
  }
  yield encoder.end();
}
