/** The vocabulary in the metadata of a GGUF file: the tokens, their types, and which of them begin and end a text. */
import { ensure } from '../../core/errors.ts';
import { printable, quoted } from '../../core/printable.ts';
import type { GgufMetadata, MetadataToWrite } from '../../formats/gguf/index.ts';
import type { AddedToken } from '../../tokenizer/hugging-face/added-tokens.ts';
import type { TokenizerFile } from '../../tokenizer/hugging-face/tokenizer-file.ts';

/** The type of a token, as numbered in `tokenizer.ggml.token_type`. */
export const tokenType = { normal: 1, unknown: 2, control: 3, userDefined: 4, unused: 5, byte: 6 } as const;
export type TokenType = (typeof tokenType)[keyof typeof tokenType];

export interface GgufToken {
  id: number;
  text: string;
  type: TokenType;
}

/** The tokens, and those that have a role. */
export interface Vocabulary {
  /** In the order of their ids. */
  tokens: readonly GgufToken[];
  /** Begins a text. */
  bos: GgufToken | undefined;
  /** Ends a text. */
  eos: GgufToken | undefined;
  /** Stands for a character that is not in the vocabulary. */
  unknown: GgufToken | undefined;
  /** Whether {@link bos} is put before every text; undefined if the file does not say. */
  addBos: boolean | undefined;
}

/**
 * Reads the vocabulary of a GGUF file.
 *
 * @param defaults the ids of the special tokens if the file does not say
 * @throws TsgptError if its parts contradict each other
 */
export function readVocabulary(
  metadata: GgufMetadata,
  defaults: { bos?: number; eos?: number; unknown?: number } = {},
): Vocabulary {
  const texts = metadata.strings('tokenizer.ggml.tokens');
  const types = perToken(metadata, 'token_type', texts.length);
  const seen = new Set<string>();
  const tokens = texts.map((name, id): GgufToken => {
    const text = name || `[EMPTY_${id}]`; // llama.cpp's name for it; there may be several
    ensure(!seen.has(text), () => `its vocabulary has the token ${quoted(text)} twice`);
    seen.add(text);
    const type = (types?.[id] ?? tokenType.normal) as TokenType;
    ensure(
      Object.values(tokenType).includes(type),
      () => `token ${id} of its vocabulary has the type ${type}, which does not exist`,
    );
    return { id, text, type };
  });
  const roleOf = (role: string, fallback = -1) => {
    // An id that is no token's counts as not given, as in llama.cpp; -1 is often written for "none".
    const token = tokens[metadata.number(`tokenizer.ggml.${role}_token_id`, -1)] ?? tokens[fallback];
    return token?.type === tokenType.unused ? undefined : token;
  };
  const addBosKey = 'tokenizer.ggml.add_bos_token';
  return {
    tokens,
    bos: roleOf('bos', defaults.bos),
    eos: roleOf('eos', defaults.eos),
    unknown:
      tokens.find(({ type }) => type === tokenType.unknown) ?? roleOf('unknown', types ? undefined : defaults.unknown),
    addBos: metadata.has(addBosKey) ? metadata.boolean(addBosKey) : undefined,
  };
}

/** A list with one number for each token; undefined if the file has none. Throws a TsgptError if its length differs. */
export function perToken(metadata: GgufMetadata, name: string, count: number): ArrayLike<number> | undefined {
  const key = `tokenizer.ggml.${name}`;
  if (!metadata.has(key)) return undefined;
  const numbers = metadata.numbers(key);
  ensure(numbers.length === count, `it has ${count} tokens, but ${numbers.length} values in ${key}`);
  return numbers;
}

/** The tokens of a tokenizer and their types, one for each of the model's `vocabSize` ids. */
export function tokensOf(
  { model }: TokenizerFile,
  added: readonly AddedToken[],
  vocabSize: number,
  isSentencePiece: boolean,
) {
  const texts = Array.from({ length: vocabSize }, (_, id) => unusedToken(id));
  const types = new Array<TokenType>(vocabSize).fill(tokenType.unused);
  for (const [text, id] of model.vocab) {
    if (id >= vocabSize) continue;
    texts[id] = text;
    types[id] = model.byte_fallback && byteToken.test(text) ? tokenType.byte : tokenType.normal;
  }
  for (const { id, content, special } of added) {
    texts[id] = content;
    types[id] = special ? tokenType.control : tokenType.userDefined;
  }
  const unknown = model.unk_token === null ? undefined : model.vocab.get(model.unk_token);
  if (isSentencePiece && unknown !== undefined) types[unknown] = tokenType.unknown;
  return { texts, types };
}

const byteToken = /^<0x[0-9A-F]{2}>$/;

/** The metadata of a GGUF file that describe a tokenizer. */
export type TokenizerMetadata = Record<string, MetadataToWrite>;

/** The metadata for tokens and their types. Throws a TsgptError if two tokens have the same text: llama.cpp crashes on such a file. */
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

/** The text of an unused id. */
export const unusedToken = (id: number) => `[PAD${id}]`;
