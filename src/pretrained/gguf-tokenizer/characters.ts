/**
 * Tokenizers whose tokens are single characters: written as byte-level byte-pair encoding, which llama.cpp supports, and recognised when read.
 */
import { uint32 } from '../../formats/gguf/index.ts';
import type { AddedToken } from '../../tokenizer/hugging-face/added-tokens.ts';
import { byteCharacters, fromByteCharacters, toByteCharacters } from '../../tokenizer/hugging-face/byte-characters.ts';
import type { TokenizerFile } from '../../tokenizer/hugging-face/tokenizer-file.ts';
import { type GgufToken, type TokenizerMetadata, tokenList, tokenType, unusedToken } from './vocabulary.ts';

/** The characters, in the order of ids, if every token is a single character; otherwise undefined. */
export function singleCharacters(file: TokenizerFile, added: readonly AddedToken[]): string[] | undefined {
  const { model, normalizer, pre_tokenizer, decoder } = file;
  const isPlain = added.length === 0 && normalizer === null && pre_tokenizer === null && decoder?.type === 'Fuse';
  if (!isPlain || model.merges.length > 0 || model.unk_token !== null) return undefined;
  const characters: string[] = [];
  for (const [token, id] of model.vocab) characters[id] = token;
  const areSingle = Array.from(characters, (token) => token !== undefined && [...token].length === 1);
  return areSingle.every(Boolean) ? characters : undefined;
}

/**
 * Characters as byte-level byte-pair encoding: the bytes of each character merge, and nothing else does. llama.cpp needs no tokens for single
 * bytes, and drops a byte that belongs to none of the characters.
 */
export function characterMetadata(characters: readonly string[], vocabSize: number): TokenizerMetadata {
  const merges = new Set<string>();
  const utf8 = new TextEncoder();
  for (const bytes of characters.map((character) => utf8.encode(character))) {
    for (let length = 1; length < bytes.length; length++) {
      const [left, right] = [bytes.subarray(0, length), bytes.subarray(length, length + 1)];
      merges.add(`${byteCharacters(left)} ${byteCharacters(right)}`);
    }
  }
  const ids = Array.from({ length: vocabSize }, (_, id) => id);
  const texts = ids.map((id) => (id < characters.length ? toByteCharacters(characters[id]!) : unusedToken(id)));
  const types = ids.map((id) => (id < characters.length ? tokenType.normal : tokenType.unused));
  return {
    'tokenizer.ggml.model': 'gpt2',
    // How the text is cut makes no difference here. With this name, llama.cpp leaves the spaces in its output unchanged.
    'tokenizer.ggml.pre': 'smollm',
    ...tokenList(texts, types),
    'tokenizer.ggml.eos_token_id': uint32(standInForEndOfText(characters, vocabSize)),
    'tokenizer.ggml.add_bos_token': false,
    'tokenizer.ggml.add_eos_token': false,
    'tokenizer.ggml.merges': [...merges],
  };
}

/**
 * llama.cpp stops at the end-of-text token, and takes the twelfth token if the file names none. Here no token ends a text, so this returns an
 * unused token, or a character that is rare in texts.
 */
function standInForEndOfText(characters: readonly string[], vocabSize: number): number {
  if (vocabSize > characters.length) return characters.length;
  const rare = Array.from(RARE, (character) => characters.indexOf(character)).find((id) => id >= 0);
  return rare ?? characters.length - 1;
}

const RARE = '\ufeff\0\ufffd~^\\|`{}@%=+<>#$&*_[]/XZQ';

/** The characters of a vocabulary if every token is a single character; otherwise undefined. */
export function charactersOf(tokens: readonly GgufToken[]): string | undefined {
  const used = tokens.findLastIndex(({ type }) => type !== tokenType.unused) + 1;
  const utf8 = new TextDecoder('utf-8', { ignoreBOM: true });
  const characters = tokens.slice(0, used).map(({ text, type }) => {
    const bytes = type === tokenType.normal ? fromByteCharacters(text) : undefined;
    return bytes && utf8.decode(bytes);
  });
  const areSingle = characters.every((character) => character !== undefined && [...character].length === 1);
  // Bytes that are not UTF-8 all become the same character.
  return areSingle && new Set(characters).size === used && used > 0 ? characters.join('') : undefined;
}
