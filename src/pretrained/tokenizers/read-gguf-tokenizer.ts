import { ensure } from '../../core/errors.ts';
import { printable } from '../../core/printable.ts';
import type { GgufMetadata } from '../../formats/gguf/index.ts';
import { CharTokenizer, HuggingFaceTokenizer, type Tokenizer } from '../../tokenizer/index.ts';
import { charactersOf } from './character-vocabulary.ts';
import { preTokenizerForms } from './gguf-pre-tokenizers.ts';
import { type GgufToken, perToken, readVocabulary, tokenType, type Vocabulary } from './gguf-vocabulary.ts';
import { mergesFromScores, sentencePieceParts } from './sentencepiece.ts';
import { addedToken, byteLevelDecoder, type TokenizerParts, tokenizerFile } from './tokenizer-file.ts';

/** The kinds of tokenizer by what `tokenizer.ggml.model` calls them. */
const kinds: Record<string, (metadata: GgufMetadata) => Tokenizer | undefined> = {
  gpt2: readByteLevel,
  llama: readSentencePiece,
  no_vocab: () => undefined,
  none: () => undefined,
};

/**
 * The tokenizer in a GGUF file: byte-level byte-pair encoding (`gpt2`) or SentencePiece's byte-pair encoding (`llama`). Undefined if the
 * file has none. Throws one clear sentence if it is of another kind or damaged.
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
  const name = metadata.string('tokenizer.ggml.pre', '');
  const form = preTokenizerForms.find(({ names }) => names.includes(name));
  const known = preTokenizerForms.flatMap(({ names }) => names).join(', ');
  ensure(
    form,
    () =>
      `its tokenizer.ggml.pre, the way texts are cut into words, is ${name === '' ? 'missing' : printable(name)}, ` +
      `but only these are known: ${known}`,
  );
  return huggingFaceTokenizer(vocabulary, vocabulary.addBos ?? form.addBos, {
    merges: metadata.strings('tokenizer.ggml.merges'),
    normalizer: form.normalizer,
    preTokenizer: form.preTokenizer,
    decoder: byteLevelDecoder,
    ignoreMerges: form.ignoreMerges,
  });
}

function readSentencePiece(metadata: GgufMetadata): Tokenizer {
  const vocabulary = readVocabulary(metadata, { bos: 1, eos: 2 });
  const { tokens } = vocabulary;
  const scores = perToken(metadata, 'scores', tokens.length);
  ensure(scores, 'it has no tokenizer.ggml.scores, which decide what is merged first');
  const unknown = tokens.find(({ type }) => type === tokenType.unknown);
  return huggingFaceTokenizer(vocabulary, vocabulary.addBos ?? true, {
    merges: mergesFromScores(tokens, scores),
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
  ensure(!addBos || bos, 'it puts a token before every text, but has no bos_token_id that says which');
  const used = tokens.filter(({ type }) => type !== tokenType.unused);
  const isAdded = ({ type }: GgufToken) => type !== tokenType.normal && type !== tokenType.byte;
  const file = tokenizerFile({
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
