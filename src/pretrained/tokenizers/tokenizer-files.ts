import { byteCharacters } from '../../tokenizer/hugging-face/byte-characters.ts';
import { GPT2Tokenizer, type Tokenizer } from '../../tokenizer/index.ts';
import { gpt2PreTokenizer } from './gguf-pre-tokenizers.ts';
import { addedToken, byteLevelDecoder, type TokenizerFile, tokenizerFile } from './tokenizer-file.ts';

/** What stands in the files of a tokenizer at Hugging Face. */
export interface TokenizerFiles {
  /** The contents of tokenizer.json. */
  tokenizer: TokenizerFile;
  /** The contents of tokenizer_config.json. */
  config: Record<string, unknown>;
}

/**
 * Any tokenizer in the form of Hugging Face. A published one is written as it was read. A vocabulary of characters becomes byte-pair
 * encoding that has nothing to merge: there, too, each character is a token, but Hugging Face leaves out what is not in the vocabulary, where
 * ours refuses it.
 */
export function tokenizerFiles(tokenizer: Tokenizer): TokenizerFiles {
  const json = tokenizer.toJSON();
  switch (json.kind) {
    case 'char':
      return characterFiles(json.characters);
    case 'gpt2':
      return gpt2Files(new GPT2Tokenizer());
    case 'hugging-face': {
      const config: Record<string, unknown> = JSON.parse(json.tokenizerConfig);
      // Without a class, Hugging Face takes the one that goes with the model, and with it names of special tokens.
      config.tokenizer_class ??= 'PreTrainedTokenizerFast';
      const file: TokenizerFile = JSON.parse(json.tokenizerJson);
      const added = (file.added_tokens ?? []) as { id: number }[];
      const { endOfTextId } = tokenizer;
      if (endOfTextId !== undefined) {
        const endOfText = tokenizer.decode([endOfTextId]);
        config.eos_token ??= endOfText;
        // In Python naming it is enough to make it special; transformers.js looks only at this list.
        if (!added.some(({ id }) => id === endOfTextId)) added.push(addedToken(endOfTextId, endOfText, true));
      }
      return { tokenizer: { version: '1.0', truncation: null, padding: null, ...file, added_tokens: added }, config };
    }
  }
}

function characterFiles(characters: string): TokenizerFiles {
  const vocab = Array.from(characters, (character, id) => [character, id] as const);
  return {
    tokenizer: tokenizerFile({ vocab, merges: [], decoder: { type: 'Fuse' } }),
    config: { tokenizer_class: 'PreTrainedTokenizerFast', clean_up_tokenization_spaces: false },
  };
}

function gpt2Files(tokenizer: GPT2Tokenizer): TokenizerFiles {
  const { vocabSize, endOfTextId } = tokenizer;
  const tokens = Array.from({ length: vocabSize }, (_, id) => byteCharacters(tokenizer.tokenBytes(id)));
  const endOfText = tokens[endOfTextId]!;
  return {
    tokenizer: tokenizerFile({
      vocab: tokens.map((token, id) => [token, id]),
      merges: tokenizer.merges().map(([left, right]) => `${tokens[left]} ${tokens[right]}`),
      addedTokens: [addedToken(endOfTextId, endOfText, true)],
      preTokenizer: gpt2PreTokenizer,
      decoder: byteLevelDecoder,
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
