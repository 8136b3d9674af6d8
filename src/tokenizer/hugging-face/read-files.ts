import { ensure } from '../../core/errors.ts';
import { parseJSON } from '../../core/json.ts';
import { ensureKind, ensureString } from '../../core/kind.ts';
import { withAddedTokens, withRoles } from './older-files.ts';
import { HuggingFaceTokenizer } from './tokenizer.ts';
import { parseTokenizerConfig } from './tokenizer-file.ts';

/** The files that a tokenizer is made of, in the order of preference. */
export const huggingFaceTokenizerFiles = [
  'tokenizer.json',
  'tokenizer_config.json',
  'vocab.json',
  'merges.txt',
  'added_tokens.json',
  'special_tokens_map.json',
] as const;

/** Their contents, as texts; files that do not exist are left out. */
export type HuggingFaceTokenizerFiles = Partial<Record<(typeof huggingFaceTokenizerFiles)[number], string>>;

/**
 * The tokenizer of a published model, from `tokenizer.json`, or the older `vocab.json` and `merges.txt` of GPT-2, and from
 * `tokenizer_config.json` and the older `added_tokens.json` and `special_tokens_map.json`. Undefined if there are no such files. Throws a
 * TsgptError if a file is damaged or asks for something that is not supported.
 */
export function readHuggingFaceTokenizer(files: HuggingFaceTokenizerFiles): HuggingFaceTokenizer | undefined {
  ensureKind('readHuggingFaceTokenizer', 'the texts of files by their names', files);
  for (const [name, text] of Object.entries(files))
    if (text !== undefined) ensureString('readHuggingFaceTokenizer', name, text);
  const {
    'tokenizer.json': tokenizer,
    'tokenizer_config.json': configText = '{}',
    'vocab.json': vocab,
    'merges.txt': merges,
  } = files;
  if (tokenizer === undefined && vocab === undefined && merges === undefined) return undefined;
  const config = withRoles(parseJSON(configText, 'tokenizer_config.json'), files['special_tokens_map.json']);
  const create = (json: unknown) =>
    new HuggingFaceTokenizer(withAddedTokens(json, files['added_tokens.json'], config), config);
  if (tokenizer !== undefined) return create(parseJSON(tokenizer, 'tokenizer.json'));
  ensure(
    vocab !== undefined && merges !== undefined,
    `the tokenizer needs both vocab.json and merges.txt, but ${vocab === undefined ? 'vocab.json' : 'merges.txt'} is missing`,
  );
  return create(byteLevelTokenizer(parseJSON(vocab, 'vocab.json'), merges, config));
}

/** A tokenizer.json with GPT-2's byte-level byte-pair encoding and the given vocabulary. */
function byteLevelTokenizer(vocab: unknown, merges: string, config: unknown) {
  const { add_prefix_space = false } = parseTokenizerConfig(config);
  return {
    version: '1.0',
    added_tokens: [],
    normalizer: null,
    pre_tokenizer: { type: 'ByteLevel', add_prefix_space, trim_offsets: true, use_regex: true },
    post_processor: { type: 'ByteLevel', add_prefix_space: true, trim_offsets: false, use_regex: true },
    decoder: { type: 'ByteLevel', add_prefix_space: true, trim_offsets: true, use_regex: true },
    model: {
      type: 'BPE',
      dropout: null,
      unk_token: null,
      continuing_subword_prefix: '',
      end_of_word_suffix: '',
      fuse_unk: false,
      byte_fallback: false,
      vocab,
      merges: mergeLines(merges),
    },
  };
}

/** One merge per line; the first line may be a comment with the version. */
function mergeLines(merges: string): string[] {
  const lines = merges.split(/\r?\n/).filter((line) => line !== '');
  return lines[0]?.startsWith('#version') ? lines.slice(1) : lines;
}
