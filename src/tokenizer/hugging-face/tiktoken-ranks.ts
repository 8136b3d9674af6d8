import type { Tokenizer } from '../tokenizer.ts';
import { partsOf } from './bpe-model.ts';
import { fromByteCharacters } from './byte-characters.ts';
import { parseTokenizerFile } from './tokenizer-file.ts';
import { publishedTokenizer } from './write-files.ts';

/**
 * The ordinary tokens as OpenAI's tiktoken reads them: a line for each, its bytes in base64 and its rank, which is its id. Two neighbours merge if
 * their bytes together are a token, the lowest rank first. The pattern and the special tokens are not part of the file.
 *
 * Undefined for a tokenizer that this cannot express: the 256 bytes must come first, and then a token for every merge, in their order.
 */
export function tiktokenRanks(tokenizer: Tokenizer): string | undefined {
  const { model, normalizer, decoder } = parseTokenizerFile(publishedTokenizer(tokenizer).tokenizer);
  if (normalizer !== null || decoder?.type !== 'ByteLevel') return undefined;
  const isInOrder = model.merges.every((merge, i) => model.vocab.get(partsOf(merge).join('')) === 256 + i);
  const lines: string[] = [];
  const added = new Set(tokenizer.specialTokens);
  for (const [token, id] of model.vocab) {
    if (added.has(token)) continue;
    const bytes = fromByteCharacters(token);
    if (bytes === undefined) return undefined;
    lines[id] = `${base64(bytes)} ${id}\n`;
  }
  const isComplete = lines.length === 256 + model.merges.length && !lines.includes(undefined as never);
  return isInOrder && isComplete ? lines.join('') : undefined;
}

const base64 = (bytes: Uint8Array) => btoa(String.fromCharCode(...bytes));
