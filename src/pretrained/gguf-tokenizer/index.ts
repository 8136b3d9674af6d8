/**
 * llama.cpp's tokenizers, read from and written to the metadata of a GGUF file. There are two kinds: byte-level byte-pair encoding (`gpt2`, see
 * `byte-level.ts`) and SentencePiece's byte-pair encoding (`llama`, see `sentencepiece.ts`). A vocabulary of single characters is written as the
 * first kind (`characters.ts`).
 */
import { ensure } from '../../core/errors.ts';
import { printable } from '../../core/printable.ts';
import { type GgufMetadata, uint32 } from '../../formats/gguf/index.ts';
import type { AddedToken } from '../../tokenizer/hugging-face/added-tokens.ts';
import { partsOf } from '../../tokenizer/hugging-face/bpe-model.ts';
import {
  allAddedTokens,
  parseTokenizerConfig,
  parseTokenizerFile,
  type TokenizerConfig,
  type TokenizerFile,
} from '../../tokenizer/hugging-face/tokenizer-file.ts';
import {
  addedToken,
  byteLevel,
  type TokenizerParts,
  tokenizerFileOf,
  tokenizerFiles,
} from '../../tokenizer/hugging-face/write-files.ts';
import { CharTokenizer, HuggingFaceTokenizer, type Tokenizer } from '../../tokenizer/index.ts';
import { nameOfWordForm, wordFormOf } from './byte-level.ts';
import { characterMetadata, charactersOf, singleCharacters } from './characters.ts';
import { mergesFromScores, scoresFromMerges, sentencePieceParts, spacePrefixOf } from './sentencepiece.ts';
import {
  type GgufToken,
  perToken,
  readVocabulary,
  type TokenizerMetadata,
  type TokenType,
  tokenList,
  tokensOf,
  tokenType,
  type Vocabulary,
} from './vocabulary.ts';

/** How each kind is read, by its name in `tokenizer.ggml.model`. */
const kinds: Record<string, (metadata: GgufMetadata) => Tokenizer | undefined> = {
  gpt2: readByteLevel,
  llama: readSentencePiece,
  no_vocab: () => undefined,
  none: () => undefined,
};

/**
 * The tokenizer in a GGUF file; undefined if it has none. Throws a TsgptError if the tokenizer is of another kind or damaged.
 */
export function readGgufTokenizer(metadata: GgufMetadata): Tokenizer | undefined {
  const kind = metadata.string('tokenizer.ggml.model', 'none');
  ensure(
    Object.hasOwn(kinds, kind),
    () => `its tokenizer is of the kind ${printable(kind)}, but only gpt2 and llama are supported`,
  );
  return kinds[kind]!(metadata);
}

function readByteLevel(metadata: GgufMetadata): Tokenizer {
  const vocabulary = readVocabulary(metadata);
  const characters = charactersOf(vocabulary.tokens);
  if (characters !== undefined) return new CharTokenizer(characters);
  const form = wordFormOf(metadata.string('tokenizer.ggml.pre', ''));
  return huggingFaceTokenizer(vocabulary, vocabulary.addBos ?? form.addBos, {
    merges: metadata.strings('tokenizer.ggml.merges'),
    normalizer: form.normalizer,
    preTokenizer: form.preTokenizer,
    decoder: byteLevel,
    ignoreMerges: form.ignoreMerges,
  });
}

function readSentencePiece(metadata: GgufMetadata): Tokenizer {
  const vocabulary = readVocabulary(metadata, { bos: 1, eos: 2, unknown: 0 });
  const { tokens, unknown } = vocabulary;
  const scores = perToken(metadata, 'scores', tokens.length);
  ensure(scores, 'it has no tokenizer.ggml.scores, which decide the order of merges');
  return huggingFaceTokenizer(vocabulary, vocabulary.addBos ?? true, {
    ...mergesFromScores(tokens, scores),
    ...sentencePieceParts(metadata.boolean('tokenizer.ggml.add_space_prefix', true)),
    unknownToken: unknown?.text,
    byteFallback: true,
  });
}

function huggingFaceTokenizer(
  { tokens, bos, eos }: Vocabulary,
  addBos: boolean,
  parts: Omit<TokenizerParts, 'vocab' | 'addedTokens' | 'beginOfText'>,
): HuggingFaceTokenizer {
  ensure(!addBos || bos, 'it puts a token before every text, but has no bos_token_id');
  const used = tokens.filter(({ type }) => type !== tokenType.unused);
  const isAdded = ({ type }: GgufToken) => type !== tokenType.normal && type !== tokenType.byte;
  const file = tokenizerFileOf({
    ...parts,
    vocab: used.map(({ text, id }) => [text, id]),
    addedTokens: used.filter(isAdded).map(({ id, text, type }) => addedToken(id, text, type !== tokenType.userDefined)),
    beginOfText: addBos && bos ? { content: bos.text, id: bos.id } : undefined,
  });
  return new HuggingFaceTokenizer(file, {
    tokenizer_class: 'PreTrainedTokenizerFast',
    clean_up_tokenization_spaces: false,
    add_bos_token: addBos,
    ...(bos && { bos_token: bos.text }),
    ...(eos && { eos_token: eos.text }),
  });
}

/**
 * A tokenizer as the metadata of a GGUF file.
 *
 * @param vocabSize the number of tokens of the model; those that the tokenizer does not have are written as unused
 * @throws TsgptError if llama.cpp would encode texts differently: it supports few ways to cut a text into words, and no flags of added tokens
 */
export function ggufTokenizer(tokenizer: Tokenizer, vocabSize: number): TokenizerMetadata {
  const files = tokenizerFiles(tokenizer);
  const file = parseTokenizerFile(files.tokenizer);
  const settings = parseTokenizerConfig(files.config);
  // A model need not have the rows for all added tokens.
  const added = allAddedTokens(file, settings).filter(({ id }) => id < vocabSize);
  const characters = singleCharacters(file, added);
  if (characters) return characterMetadata(characters, vocabSize);
  checkFlags(added, file);

  const prefix = spacePrefixOf(file);
  const isSentencePiece = prefix !== undefined;
  const { texts, types } = tokensOf(file, added, vocabSize, isSentencePiece);
  const common = { ...tokenList(texts, types), ...roles(tokenizer, settings, added, types) };
  if (!isSentencePiece) {
    return {
      'tokenizer.ggml.model': 'gpt2',
      'tokenizer.ggml.pre': nameOfWordForm(file),
      ...common,
      'tokenizer.ggml.merges': file.model.merges.map((merge) => partsOf(merge).join(' ')),
    };
  }
  const ordinary = texts.filter((_, id) => types[id] === tokenType.normal);
  const scores = scoresFromMerges(file.model, ordinary);
  return {
    'tokenizer.ggml.model': 'llama',
    'tokenizer.ggml.pre': 'default',
    ...common,
    'tokenizer.ggml.scores': Float32Array.from(texts, (text) => scores.get(text) ?? 0),
    'tokenizer.ggml.add_space_prefix': prefix,
  };
}

/** Which tokens begin and end a text. */
function roles(
  { beginOfTextIds = [], endOfTextId }: Tokenizer,
  settings: TokenizerConfig,
  added: readonly AddedToken[],
  types: readonly TokenType[],
): TokenizerMetadata {
  const idOf = (content: string | undefined) => added.find((token) => token.content === content)?.id;
  ensure(
    beginOfTextIds.length <= 1,
    'this tokenizer cannot be written as GGUF: it puts several tokens before every text, and llama.cpp puts at most one',
  );
  const isInModel = (id: number | undefined) => id !== undefined && id < types.length;
  const bos = beginOfTextIds.find(isInModel) ?? idOf(settings.bos_token);
  // If no token is named for the end of a text, llama.cpp chooses one.
  const eos = isInModel(endOfTextId) ? endOfTextId! : types.indexOf(tokenType.unused);
  const pad = idOf(settings.pad_token);
  return {
    ...(bos !== undefined && { 'tokenizer.ggml.bos_token_id': uint32(bos) }),
    ...(eos >= 0 && { 'tokenizer.ggml.eos_token_id': uint32(eos) }),
    ...(pad !== undefined && { 'tokenizer.ggml.padding_token_id': uint32(pad) }),
    'tokenizer.ggml.add_bos_token': beginOfTextIds.length > 0,
    'tokenizer.ggml.add_eos_token': false,
  };
}

/** Throws a TsgptError if an added token has a flag that llama.cpp does not support. */
function checkFlags(added: readonly AddedToken[], { normalizer }: TokenizerFile): void {
  for (const { content, single_word, lstrip, rstrip, normalized, special } of added) {
    const flag = Object.entries({ single_word, lstrip, rstrip }).find(([, isSet]) => isSet)?.[0];
    const isLate = normalized && !special && normalizer !== null;
    ensure(
      !flag && !isLate,
      () =>
        `this tokenizer cannot be written as GGUF: its token ${printable(content)} is marked ${flag ?? 'normalized'}, which llama.cpp ` +
        'does not support',
    );
  }
}
