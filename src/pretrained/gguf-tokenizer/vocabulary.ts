import { ensure } from '../../core/errors.ts';
import { printable, quoted } from '../../core/printable.ts';
import type { GgufMetadata, MetadataToWrite } from '../../formats/gguf/index.ts';

/** What a token is for, as `tokenizer.ggml.token_type` numbers it. */
export const tokenType = { normal: 1, unknown: 2, control: 3, userDefined: 4, unused: 5, byte: 6 } as const;
export type TokenType = (typeof tokenType)[keyof typeof tokenType];

export interface GgufToken {
  id: number;
  text: string;
  type: TokenType;
}

/** The tokens in a GGUF file, and which of them have a task. */
export interface Vocabulary {
  /** In the order of their ids. */
  tokens: readonly GgufToken[];
  /** Begins a text. */
  bos: GgufToken | undefined;
  /** Ends a text. */
  eos: GgufToken | undefined;
  /** Whether {@link bos} is put before every text, if the file says. */
  addBos: boolean | undefined;
}

/**
 * Reads `tokenizer.ggml.tokens` and what goes with them. Throws one clear sentence if they do not fit each other.
 *
 * @param defaults the ids that begin and end a text where the file does not say
 */
export function readVocabulary(metadata: GgufMetadata, defaults: { bos?: number; eos?: number } = {}): Vocabulary {
  const texts = metadata.strings('tokenizer.ggml.tokens');
  const types = perToken(metadata, 'token_type', texts.length) ?? new Int32Array(texts.length).fill(tokenType.normal);
  const seen = new Set<string>();
  const tokens = texts.map((text, id): GgufToken => {
    ensure(!seen.has(text), () => `its vocabulary has the token ${quoted(text)} twice`);
    seen.add(text);
    const type = types[id] as TokenType;
    ensure(
      Object.values(tokenType).includes(type),
      () => `token ${id} of its vocabulary has the type ${type}, which does not exist`,
    );
    return { id, text, type };
  });
  const roleOf = (role: string, fallback?: number) => {
    const id = metadata.number(`tokenizer.ggml.${role}_token_id`, fallback ?? -1);
    const token = tokens[id];
    ensure(token || id === -1, `${role}_token_id is ${id}, but its vocabulary has ${tokens.length} tokens`);
    return token?.type === tokenType.unused ? undefined : token;
  };
  const addBosKey = 'tokenizer.ggml.add_bos_token';
  return {
    tokens,
    bos: roleOf('bos', defaults.bos),
    eos: roleOf('eos', defaults.eos),
    addBos: metadata.has(addBosKey) ? metadata.boolean(addBosKey) : undefined,
  };
}

/** The numbers that there are one of for each token, or undefined if there are none. Throws if it is another number of them. */
export function perToken(metadata: GgufMetadata, name: string, count: number): ArrayLike<number> | undefined {
  const key = `tokenizer.ggml.${name}`;
  if (!metadata.has(key)) return undefined;
  const numbers = metadata.numbers(key);
  ensure(numbers.length === count, `it has ${count} tokens, but ${numbers.length} values in ${key}`);
  return numbers;
}

/** What a GGUF file says of a tokenizer. */
export type TokenizerMetadata = Record<string, MetadataToWrite>;

/** The tokens and what they are for, for the file. Throws if two are written alike, which llama.cpp does not survive. */
export function tokenList(texts: readonly string[], types: readonly TokenType[]): TokenizerMetadata {
  const seen = new Set<string>();
  for (const text of texts) {
    ensure(
      !seen.has(text),
      () => `this tokenizer cannot be written as GGUF: it has the token ${printable(text)} twice`,
    );
    seen.add(text);
  }
  return { 'tokenizer.ggml.tokens': texts, 'tokenizer.ggml.token_type': Int32Array.from(types) };
}

/** What stands for an id that the tokenizer does not have. */
export const unusedToken = (id: number) => `[PAD${id}]`;
