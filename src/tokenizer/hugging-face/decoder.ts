import * as v from 'valibot';
import { ensure } from '../../core/errors.ts';
import type { AddedToken } from './added-tokens.ts';
import { fromByteCharacters } from './byte-characters.ts';
import { createNormalizer, type NormalizerJSON } from './normalizer.ts';
import { type PatternJSON, patternOf, patternSchema } from './pattern.ts';

/** The `decoder` of a tokenizer.json: how tokens become text again. */
export type DecoderJSON =
  | { type: 'ByteLevel' | 'ByteFallback' | 'Fuse' }
  | {
      type: 'Metaspace';
      replacement: string;
      prepend_scheme?: string | null | undefined;
      add_prefix_space?: boolean | null | undefined;
    }
  | { type: 'Replace'; pattern: PatternJSON; content: string }
  | { type: 'Strip'; content: string; start: number; stop: number }
  | { type: 'Sequence'; decoders: DecoderJSON[] };

export const decoderSchema: v.GenericSchema<unknown, DecoderJSON> = v.lazy(() =>
  v.variant('type', [
    v.object({ type: v.picklist(['ByteLevel', 'ByteFallback', 'Fuse']) }),
    v.object({
      type: v.literal('Metaspace'),
      replacement: v.string(),
      prepend_scheme: v.nullish(v.string()),
      add_prefix_space: v.nullish(v.boolean()),
    }),
    v.object({ type: v.literal('Replace'), pattern: patternSchema, content: v.string() }),
    v.object({
      type: v.literal('Strip'),
      content: v.literal(' ', 'only spaces can be stripped'),
      start: v.number(),
      stop: v.literal(0, 'only the beginning can be stripped'),
    }),
    v.object({ type: v.literal('Sequence'), decoders: v.array(decoderSchema) }),
  ]),
);

/** Turns tokens into the bytes of a text. */
export interface TokenDecoder {
  /** The UTF-8 bytes of a token of the vocabulary. */
  bytes(token: string): Uint8Array;
  /** The original text of a piece of normalised text. */
  text(normalized: string): string;
  /** What stands before every token. */
  separator: string;
  /** The number of spaces that encoding puts before a text and decoding removes. */
  leadingSpaces: number;
}

/** The function that `json` describes, token by token. Without one, spaces stand between tokens. */
export function createDecoder(json: DecoderJSON | null): TokenDecoder {
  const utf8 = new TextEncoder();
  if (!json) {
    return {
      separator: ' ',
      leadingSpaces: 1,
      text: (normalized) => normalized,
      bytes: (token) => utf8.encode(` ${token}`),
    };
  }
  const steps = flatten(json);
  const has = (type: DecoderJSON['type']) => steps.some((step) => step.type === type);
  let leadingSpaces = 0;
  const replacements: [from: string | RegExp, to: string][] = [];
  for (const [i, step] of steps.entries()) {
    if (step.type === 'Replace') replacements.push([patternOf(step.pattern), step.content]);
    if (step.type === 'Metaspace') {
      replacements.push([step.replacement, ' ']);
      if (step.prepend_scheme !== 'never' && step.add_prefix_space !== false) leadingSpaces++;
    }
    if (step.type === 'Strip') {
      const fused = steps.slice(0, i).some(({ type }) => type === 'Fuse');
      ensure(fused, 'this tokenizer cannot be used: its decoder strips every token instead of the whole text');
      leadingSpaces += step.start;
    }
  }
  const text = (normalized: string) =>
    replacements.reduce((result, [from, to]) => result.replaceAll(from, () => to), normalized);
  return {
    separator: '',
    leadingSpaces,
    text,
    bytes(token) {
      const [, hex] = (has('ByteFallback') && BYTE_TOKEN.exec(token)) || [];
      if (hex) return Uint8Array.of(Number.parseInt(hex, 16));
      return (has('ByteLevel') && fromByteCharacters(text(token))) || utf8.encode(text(token));
    },
  };
}

/** A byte token, as SentencePiece writes it. */
const BYTE_TOKEN = /^<0x([0-9A-F]{2})>$/;

function flatten(json: DecoderJSON): DecoderJSON[] {
  return json.type === 'Sequence' ? json.decoders.flatMap(flatten) : [json];
}

/** The UTF-8 bytes of every id; a vocabulary may skip ids. Bytes are computed at the first use. */
export class TokenBytes {
  readonly #decoder: TokenDecoder;
  /** Bytes, or the token to compute them from. */
  readonly #tokens: (Uint8Array | string | undefined)[] = [];

  constructor(
    vocab: ReadonlyMap<string, number>,
    normalizer: NormalizerJSON | null,
    added: readonly AddedToken[],
    decoder: TokenDecoder,
  ) {
    this.#decoder = decoder;
    for (const [token, id] of vocab) this.#tokens[id] = token;

    const utf8 = new TextEncoder();
    const bytesOf = (text: string) => utf8.encode(decoder.separator + text);
    const normalize = createNormalizer(normalizer);
    for (const { id, content, special, normalized } of added) {
      if (special) this.#tokens[id] = bytesOf(content);
      // In a token of the normalised text, `▁` represents a space of the original.
      else if (normalized) this.#tokens[id] = bytesOf(decoder.text(normalize(content)));
      else if (!vocab.has(content)) this.#tokens[id] = bytesOf(content);
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
