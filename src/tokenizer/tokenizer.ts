import { describeValue } from '../core/describe-value.ts';
import { ensure } from '../core/errors.ts';
import { ensureKind } from '../core/kind.ts';
import type { OptionNames } from '../core/options.ts';

/** Turns text into the integers a model reads, and back. */
export interface Tokenizer {
  /** The kind of tokenizer, as in {@link TokenizerJSON}. */
  readonly kind: string;
  /** The number of tokens; ids run from 0 to `vocabSize - 1`. */
  readonly vocabSize: number;
  /**
   * The number of tokens that a model for this tokenizer has at least: more than the ids of all ordinary tokens. Added tokens may lie beyond a
   * model's tokens; then it cannot read a text that needs them. Defaults to {@link vocabSize}.
   */
  readonly leastModelSize?: number;
  /** The texts of the special tokens, if there are any. */
  readonly specialTokens?: readonly string[];
  /** The texts of the special tokens that begin and end a text; chat templates use them. */
  readonly bosToken?: string;
  readonly eosToken?: string;
  /** The id of the special token between documents, if the vocabulary has one. */
  readonly endOfTextId?: number;
  /**
   * The ids of the special tokens that a model expects before a text, such as Llama's `<s>`, if it expects any.
   * {@link encode} does not add them, because it does not know whether its text is the beginning.
   */
  readonly beginOfTextIds?: readonly number[];

  /**
   * The token ids of `text`. Half a surrogate pair, which is not a character, is read as U+FFFD, as in `TextEncoder`. {@link decode} gives every
   * other text back exactly.
   */
  encode(text: string, options?: EncodeOptions): number[];
  /** The text of `ids`. Bytes that are not UTF-8 become U+FFFD. Throws a TsgptError for an id out of range. */
  decode(ids: Iterable<number>): string;
  /** The UTF-8 bytes of token `id`; do not modify them. A token may hold only a part of a character. */
  tokenBytes(id: number): Uint8Array;
  /**
   * A decoder for tokens that arrive one at a time. If they continue a text, it keeps the space that some tokenizers put before every text; at the
   * beginning of a text it removes it, as {@link decode} does.
   */
  streamDecoder(options?: StreamDecoderOptions): StreamDecoder;
  /** This tokenizer as JSON, for `tokenizerFromJSON`. */
  toJSON(): TokenizerJSON;
}

export interface EncodeOptions {
  /**
   * Whether a special token spelled out in the text, such as `<|endoftext|>`, becomes its id. Otherwise it is ordinary text, so that untrusted text
   * cannot end a document. Defaults to false.
   */
  allowSpecial?: boolean;
}

export const encodeOptionNames: OptionNames<EncodeOptions> = { allowSpecial: true };

export interface StreamDecoderOptions {
  /** Whether the tokens begin a text. Defaults to false: they continue one. */
  isBeginning?: boolean;
}

/** Decodes one token at a time and holds back an incomplete character until its last byte has arrived. */
export interface StreamDecoder {
  /** The characters that token `id` completes: often its whole text, sometimes none. */
  push(id: number): string;
  /** The rest: U+FFFD if the tokens ended in the middle of a character, else nothing. */
  end(): string;
}

/** A tokenizer as it is stored beside a model. */
export type TokenizerJSON =
  | { kind: 'gpt2' }
  | { kind: 'char'; characters: string }
  /** The contents of two files, as strings, so that a checkpoint has one line for each, not one for every token. */
  | { kind: 'hugging-face'; tokenizerJson: string; tokenizerConfig: string };

/** Whether a model of `vocabSize` tokens can read ordinary texts in the tokens of this tokenizer. */
export function fitsModel(tokenizer: Pick<Tokenizer, 'vocabSize' | 'leastModelSize'>, vocabSize: number): boolean {
  ensureKind('fitsModel', 'a tokenizer', tokenizer, 'vocabSize');
  return (tokenizer.leastModelSize ?? tokenizer.vocabSize) <= vocabSize;
}

/** Throws a TsgptError unless `id` is a token of a vocabulary of `vocabSize`. */
export function ensureTokenId(id: number, vocabSize: number): void {
  ensure(
    Number.isInteger(id) && id >= 0 && id < vocabSize,
    () => `token id ${describeValue(id)} is not in the vocabulary; give ids from 0 to ${vocabSize - 1}`,
  );
}
