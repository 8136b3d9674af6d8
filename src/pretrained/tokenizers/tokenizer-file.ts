/** The contents of a tokenizer.json, as far as they are looked into. */
export interface TokenizerFile {
  [field: string]: unknown;
  model: { [field: string]: unknown };
}

/** What byte-pair encoding needs to know; what is left out is not done. */
export interface TokenizerParts {
  /** Tokens and their ids. */
  vocab: Iterable<readonly [token: string, id: number]>;
  /** Pairs of tokens, or both in one string with a space between, in the order learned. */
  merges: readonly (string | readonly [string, string])[];
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
export function tokenizerFile(parts: TokenizerParts): TokenizerFile {
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
    },
  };
}

/** A token that is found in a text as it stands, before anything is merged. */
export function addedToken(id: number, content: string, special: boolean) {
  return { id, content, single_word: false, lstrip: false, rstrip: false, normalized: false, special };
}

/** Of byte-level tokenizers: how bytes become text again. */
export const byteLevelDecoder = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true };

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
