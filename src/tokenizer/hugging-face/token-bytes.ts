import type { AddedToken } from './added-tokens.ts';
import type { Decoder } from './decoder.ts';
import { createNormalizer } from './normalizer.ts';
import type { TokenizerFile } from './tokenizer-json.ts';

/** The UTF-8 bytes that every id stands for; a vocabulary may leave ids out. They are worked out when first asked for. */
export class TokenBytes {
  readonly #decoder: Decoder;
  /** Bytes, or the token that they follow from. */
  readonly #tokens: (Uint8Array | string | undefined)[] = [];

  constructor({ model, normalizer }: TokenizerFile, added: readonly AddedToken[], decoder: Decoder) {
    this.#decoder = decoder;
    for (const [token, id] of model.vocab) this.#tokens[id] = token;

    const utf8 = new TextEncoder();
    const normalize = createNormalizer(normalizer);
    for (const { id, content, special, normalized } of added) {
      if (special) this.#tokens[id] = utf8.encode(content);
      // What was found in the normalised text has its `▁` from there, which stands for a space of the original.
      else if (normalized) this.#tokens[id] = utf8.encode(decoder.text(normalize(content)));
      else if (!model.vocab.has(content)) this.#tokens[id] = utf8.encode(content);
    }
  }

  /** One more than the highest id. */
  get size(): number {
    return this.#tokens.length;
  }

  has(id: number): boolean {
    return this.#tokens[id] !== undefined;
  }

  get(id: number): Uint8Array | undefined {
    const token = this.#tokens[id];
    if (typeof token !== 'string') return token;
    const bytes = this.#decoder.bytes(token);
    this.#tokens[id] = bytes;
    return bytes;
  }
}
