/** Any tokenizer as Hugging Face's files. */
import { GPT2Tokenizer } from '../gpt2.ts';
import type { Tokenizer } from '../tokenizer.ts';
import { byteCharacters } from './byte-characters.ts';
import { allAddedTokens, parseTokenizerConfig, parseTokenizerFile } from './tokenizer-file.ts';

/** The contents of a tokenizer's files in Hugging Face's format. */
export interface PublishedTokenizer {
  /** The contents of tokenizer.json. */
  tokenizer: TokenizerFileToWrite;
  /** The contents of tokenizer_config.json. */
  config: Record<string, unknown>;
}

/**
 * Any tokenizer in Hugging Face's format. A published one is written as it was read. A `CharTokenizer` becomes byte-pair encoding without merges:
 * each character is a token there, too, but Hugging Face leaves out a character that is not in the vocabulary, and ours refuses it.
 */
export function publishedTokenizer(tokenizer: Tokenizer): PublishedTokenizer {
  const files = tokenizerFiles(tokenizer);
  const { ranks: _, ...model } = files.tokenizer.model; // Hugging Face's libraries know only the order of merges
  return { ...files, tokenizer: { ...files.tokenizer, model } };
}

/** The same, with the ranks of merges where some are equal. */
export function tokenizerFiles(tokenizer: Tokenizer): PublishedTokenizer {
  const json = tokenizer.toJSON();
  switch (json.kind) {
    case 'char':
      return characterFiles(json.characters);
    case 'gpt2':
      return gpt2Files(new GPT2Tokenizer());
    case 'hugging-face': {
      const config: Record<string, unknown> = JSON.parse(json.tokenizerConfig);
      // Without a class, Hugging Face uses the model's own, with its names of special tokens.
      config.tokenizer_class ??= 'PreTrainedTokenizerFast';
      const file: TokenizerFileToWrite = JSON.parse(json.tokenizerJson);
      const { endOfTextId } = tokenizer;
      if (endOfTextId !== undefined) config.eos_token ??= tokenizer.decode([endOfTextId]);
      const listed = (file.added_tokens ?? []) as { content: string }[];
      // Python's library also reads the configuration; transformers.js reads only this list.
      const contents = new Set(listed.map(({ content }) => content));
      const named = allAddedTokens(parseTokenizerFile(file), parseTokenizerConfig(config));
      const added = [...listed, ...named.filter(({ content }) => !contents.has(content))];
      return { tokenizer: { version: '1.0', truncation: null, padding: null, ...file, added_tokens: added }, config };
    }
  }
}

function characterFiles(characters: string): PublishedTokenizer {
  const vocab = Array.from(characters, (character, id) => [character, id] as const);
  return {
    tokenizer: tokenizerFileOf({ vocab, merges: [], decoder: { type: 'Fuse' } }),
    config: { tokenizer_class: 'PreTrainedTokenizerFast', clean_up_tokenization_spaces: false },
  };
}

function gpt2Files(tokenizer: GPT2Tokenizer): PublishedTokenizer {
  const { vocabSize, endOfTextId } = tokenizer;
  const tokens = Array.from({ length: vocabSize }, (_, id) => byteCharacters(tokenizer.tokenBytes(id)));
  const endOfText = tokens[endOfTextId]!;
  return {
    tokenizer: tokenizerFileOf({
      vocab: tokens.map((token, id) => [token, id]),
      merges: tokenizer.merges().map(([left, right]) => `${tokens[left]} ${tokens[right]}`),
      addedTokens: [addedToken(endOfTextId, endOfText, true)],
      preTokenizer: byteLevel,
      decoder: byteLevel,
    }),
    config: {
      tokenizer_class: 'GPT2Tokenizer',
      add_bos_token: false,
      add_prefix_space: false,
      bos_token: endOfText,
      eos_token: endOfText,
      clean_up_tokenization_spaces: false,
    },
  };
}

/** The contents of a tokenizer.json. */
export interface TokenizerFileToWrite {
  [field: string]: unknown;
  model: { [field: string]: unknown };
}

/** The parts of a byte-pair encoding; an omitted step is skipped. */
export interface TokenizerParts {
  /** Tokens and their ids. */
  vocab: Iterable<readonly [token: string, id: number]>;
  /** Pairs of tokens in the order learned; each may also be one string with a space in it. */
  merges: readonly (string | readonly [string, string])[];
  /** The rank of each merge, if some are equal. */
  ranks?: readonly number[] | undefined;
  addedTokens?: readonly object[];
  normalizer?: object | null;
  preTokenizer?: object | null;
  /** The special token before every text. */
  beginOfText?: { content: string; id: number } | undefined;
  decoder: object;
  unknownToken?: string | undefined;
  byteFallback?: boolean;
  ignoreMerges?: boolean;
}

/** A tokenizer.json with every field that Hugging Face's tokenizers look for. */
export function tokenizerFileOf(parts: TokenizerParts): TokenizerFileToWrite {
  const { addedTokens = [], normalizer = null, preTokenizer = null, beginOfText, decoder, unknownToken = null } = parts;
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: addedTokens,
    normalizer,
    pre_tokenizer: preTokenizer,
    post_processor: beginOfText ? templateWith(beginOfText) : null,
    decoder,
    model: {
      type: 'BPE',
      dropout: null,
      unk_token: unknownToken,
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      fuse_unk: unknownToken !== null,
      byte_fallback: parts.byteFallback ?? false,
      ignore_merges: parts.ignoreMerges ?? false,
      vocab: Object.fromEntries(parts.vocab),
      merges: parts.merges,
      ...(parts.ranks && { ranks: parts.ranks }),
    },
  };
}

/** A token that is matched in the text literally, before anything is merged. */
export function addedToken(id: number, content: string, special: boolean) {
  return { id, content, single_word: false, lstrip: false, rstrip: false, normalized: false, special };
}

/** GPT-2's way to cut a text into words and write their bytes as characters; as a decoder, the way back. */
export const byteLevel = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true };

function templateWith({ content, id }: { content: string; id: number }) {
  const before = { SpecialToken: { id: content, type_id: 0 } };
  const sequence = (name: string, type_id: number) => ({ Sequence: { id: name, type_id } });
  return {
    type: 'TemplateProcessing',
    single: [before, sequence('A', 0)],
    pair: [before, sequence('A', 0), before, sequence('B', 1)],
    special_tokens: { [content]: { id: content, ids: [id], tokens: [content] } },
  };
}
