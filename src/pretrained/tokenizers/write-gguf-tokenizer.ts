import * as v from 'valibot';
import { ensure } from '../../core/errors.ts';
import { printable } from '../../core/printable.ts';
import { uint32 } from '../../formats/gguf/index.ts';
import { type AddedToken, allAddedTokens } from '../../tokenizer/hugging-face/added-tokens.ts';
import { normalizerSchema } from '../../tokenizer/hugging-face/normalizer.ts';
import { preTokenizerSchema } from '../../tokenizer/hugging-face/pre-tokenizer.ts';
import {
  parseTokenizerConfig,
  parseTokenizerFile,
  type TokenizerConfig,
  type TokenizerFile,
} from '../../tokenizer/hugging-face/tokenizer-json.ts';
import type { Tokenizer } from '../../tokenizer/index.ts';
import { characterMetadata, singleCharacters } from './character-vocabulary.ts';
import { preTokenizerForms } from './gguf-pre-tokenizers.ts';
import { type TokenizerMetadata, type TokenType, tokenList, tokenType, unusedToken } from './gguf-vocabulary.ts';
import { scoresFromMerges, spacePrefixOf } from './sentencepiece.ts';
import { tokenizerFiles } from './tokenizer-files.ts';

/**
 * A tokenizer as the metadata of a GGUF file.
 *
 * @param vocabSize tokens of the model; those that the tokenizer does not have are written as unused
 * @throws TsgptError if llama.cpp could not make the same tokens of a text: it knows few ways to cut a text into words, each by a
 * name, and no flags of added tokens
 */
export function ggufTokenizer(tokenizer: Tokenizer, vocabSize: number): TokenizerMetadata {
  const files = tokenizerFiles(tokenizer);
  const file = parseTokenizerFile(files.tokenizer);
  const settings = parseTokenizerConfig(files.config);
  const added = allAddedTokens(file, settings);
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
      'tokenizer.ggml.pre': preTokenizerName(file),
      ...common,
      'tokenizer.ggml.merges': file.model.merges.map((pair) => pair.join(' ')),
    };
  }
  const ordinary = texts.filter((_, id) => types[id] === tokenType.normal);
  const scores = scoresFromMerges(file.model.merges, ordinary);
  return {
    'tokenizer.ggml.model': 'llama',
    'tokenizer.ggml.pre': 'default',
    ...common,
    'tokenizer.ggml.scores': Float32Array.from(texts, (text) => scores.get(text) ?? 0),
    'tokenizer.ggml.add_space_prefix': prefix,
  };
}

function tokensOf({ model }: TokenizerFile, added: readonly AddedToken[], vocabSize: number, isSentencePiece: boolean) {
  const texts = Array.from({ length: vocabSize }, (_, id) => unusedToken(id));
  const types = new Array<TokenType>(vocabSize).fill(tokenType.unused);
  for (const [text, id] of model.vocab) {
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
  const bos = beginOfTextIds[0] ?? idOf(settings.bos_token);
  // llama.cpp takes some token for the end of a text if none is named.
  const eos = endOfTextId ?? types.indexOf(tokenType.unused);
  const pad = idOf(settings.pad_token);
  return {
    ...(bos !== undefined && { 'tokenizer.ggml.bos_token_id': uint32(bos) }),
    ...(eos >= 0 && { 'tokenizer.ggml.eos_token_id': uint32(eos) }),
    ...(pad !== undefined && { 'tokenizer.ggml.padding_token_id': uint32(pad) }),
    'tokenizer.ggml.add_bos_token': beginOfTextIds.length > 0,
    'tokenizer.ggml.add_eos_token': false,
  };
}

/** Throws if an added token is looked for in a way that llama.cpp does not know. */
function checkFlags(added: readonly AddedToken[], { normalizer }: TokenizerFile): void {
  for (const { content, single_word, lstrip, rstrip, normalized, special } of added) {
    const flag = Object.entries({ single_word, lstrip, rstrip }).find(([, isSet]) => isSet)?.[0];
    const isLate = normalized && !special && normalizer !== null;
    ensure(
      !flag && !isLate,
      () =>
        `this tokenizer cannot be written as GGUF: its token ${printable(content)} is marked ${flag ?? 'normalized'}, which llama.cpp ` +
        'knows nothing of',
    );
  }
}

/** llama.cpp's name for how a tokenizer cuts texts into words. */
function preTokenizerName({ normalizer, pre_tokenizer, model }: TokenizerFile): string {
  const isSame = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b);
  const form = preTokenizerForms.find(
    (form) =>
      isSame(pre_tokenizer, v.parse(preTokenizerSchema, form.preTokenizer)) &&
      isSame(normalizer, form.normalizer && v.parse(normalizerSchema, form.normalizer)) &&
      model.ignore_merges === form.ignoreMerges,
  );
  ensure(
    form && !model.byte_fallback,
    'this tokenizer cannot be written as GGUF: llama.cpp has no name for the way it cuts texts into words ' +
      `(known here are those of ${preTokenizerForms.map(({ names }) => names[0]).join(', ')})`,
  );
  return form.names[0]!;
}
