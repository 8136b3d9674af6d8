import type { AddedToken } from './added-tokens.ts';
import type { Decoder } from './decoder.ts';
import { createNormalizer } from './normalizer.ts';
import type { TokenizerFile } from './tokenizer-json.ts';

/** The UTF-8 bytes that every id stands for; a vocabulary may leave ids out. */
export function tokenBytesById(
  { model, normalizer }: TokenizerFile,
  added: readonly AddedToken[],
  decoder: Decoder,
): (Uint8Array | undefined)[] {
  const bytes: (Uint8Array | undefined)[] = [];
  for (const [token, id] of model.vocab) bytes[id] = decoder.bytes(token);

  const utf8 = new TextEncoder();
  const normalize = createNormalizer(normalizer);
  for (const { id, content, special, normalized } of added) {
    if (special) bytes[id] = utf8.encode(content);
    // What was found in the normalised text has its `▁` from there, which stands for a space of the original.
    else if (normalized) bytes[id] = utf8.encode(decoder.text(normalize(content)));
    else if (!model.vocab.has(content)) bytes[id] = utf8.encode(content);
  }
  return bytes;
}
