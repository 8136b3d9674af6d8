import * as v from 'valibot';
import { TsgptError } from '../../core/errors.ts';
import { describeIssue } from '../../core/invalid-json.ts';
import { type AddedToken, addedTokenSchema } from './added-tokens.ts';
import { type BPEModelJSON, bpeModelSchema } from './bpe-model.ts';
import { type DecoderJSON, decoderSchema } from './decoder.ts';
import { type NormalizerJSON, normalizerSchema } from './normalizer.ts';
import { type PostProcessorJSON, postProcessorSchema } from './post-processor.ts';
import { type PreTokenizerJSON, preTokenizerSchema } from './pre-tokenizer.ts';

/** The parts of a tokenizer.json that matter here, by their names in the file. */
export interface TokenizerFile {
  added_tokens: AddedToken[];
  /** Changes the text, for example its spaces to `▁`. */
  normalizer: NormalizerJSON | null;
  /** Cuts the text into the words within which symbols merge. */
  pre_tokenizer: PreTokenizerJSON | null;
  /** Turns words into tokens. */
  model: BPEModelJSON;
  /** Puts special tokens around the text. */
  post_processor: PostProcessorJSON | null;
  /** Turns tokens back into text. */
  decoder: DecoderJSON | null;
}

const fileSchema = v.object({
  added_tokens: v.nullish(v.array(addedTokenSchema), []),
  normalizer: v.nullish(normalizerSchema, null),
  pre_tokenizer: v.nullish(preTokenizerSchema, null),
  model: bpeModelSchema,
  post_processor: v.nullish(postProcessorSchema, null),
  decoder: v.nullish(decoderSchema, null),
});

/** The parts of a tokenizer_config.json that matter here, by their names in the file. */
export interface TokenizerConfig extends Partial<Record<TokenRole, string>> {
  additional_special_tokens: string[];
  add_bos_token?: boolean;
  add_prefix_space?: boolean;
  added_tokens_decoder: AddedToken[];
}

/** The roles that a configuration gives to special tokens. */
export const tokenRoles = [
  ...(['bos_token', 'eos_token', 'unk_token', 'sep_token'] as const),
  ...(['pad_token', 'cls_token', 'mask_token'] as const),
];
export type TokenRole = (typeof tokenRoles)[number];

/** A token's name, alone or with flags. */
const tokenNameSchema = v.union([
  v.string(),
  v.pipe(
    v.object({ content: v.string() }),
    v.transform(({ content }) => content),
  ),
]);
const orUndefined = <T extends v.GenericSchema>(schema: T) =>
  v.pipe(
    v.nullish(schema),
    v.transform((value) => value ?? undefined),
  );

const role = orUndefined(tokenNameSchema);
const tokenNames = v.nullish(v.array(tokenNameSchema), []);

const configSchema = v.object({
  ...{ bos_token: role, eos_token: role, unk_token: role, sep_token: role },
  ...{ pad_token: role, cls_token: role, mask_token: role },
  additional_special_tokens: tokenNames,
  add_bos_token: orUndefined(v.boolean()),
  add_prefix_space: orUndefined(v.boolean()),
  added_tokens_decoder: v.pipe(
    v.nullish(v.record(v.string(), v.looseObject({})), {}),
    v.transform((tokens): unknown[] => Object.entries(tokens).map(([id, token]) => ({ ...token, id: Number(id) }))),
    v.array(addedTokenSchema),
  ),
});

/** Checks the contents of a tokenizer.json. Throws a TsgptError if it is damaged or asks for something that is not supported. */
export function parseTokenizerFile(json: unknown): TokenizerFile {
  return parse(fileSchema, json, 'tokenizer');
}

/** Checks the contents of a tokenizer_config.json; see {@link parseTokenizerFile}. */
export function parseTokenizerConfig(json: unknown): TokenizerConfig {
  return parse(configSchema, json, 'tokenizer_config.json');
}

/** A tokenizer.json in fewer characters: each merge is one string, unless one of its tokens has a space. */
export function compactTokenizerFile(json: unknown): string {
  const file = json as { model: { merges: (string | string[])[] } };
  const merges = file.model.merges.map((merge) =>
    typeof merge === 'string' || merge.some((token) => token.includes(' ')) ? merge : merge.join(' '),
  );
  return JSON.stringify({ ...file, model: { ...file.model, merges } });
}

function parse<T>(schema: v.GenericSchema<unknown, T>, json: unknown, name: string): T {
  const parsed = v.safeParse(schema, json, { abortEarly: true });
  if (parsed.success) return parsed.output;
  throw new TsgptError(`this ${name} cannot be used: ${describeIssue(parsed.issues[0])}`);
}

/** The token between documents of GPT-2, and of many models whose files do not name theirs. */
export const DEFAULT_END_OF_TEXT = '<|endoftext|>';

/**
 * The added tokens of both files. Those that the configuration gives a role, such as the end of a text or padding, are special even if they are not
 * listed. One that no file gives an id has the next free id, as in the original. A model may not have that id: then it is an error only in a
 * text that needs it.
 */
export function allAddedTokens({ added_tokens, model }: TokenizerFile, config: TokenizerConfig): AddedToken[] {
  const byContent = new Map<string, AddedToken>();
  for (const token of [...config.added_tokens_decoder, ...added_tokens]) {
    // Where the two disagree, the vocabulary wins, as in the original.
    byContent.set(token.content, { ...token, id: model.vocab.get(token.content) ?? token.id });
  }
  const flags = { single_word: false, lstrip: false, rstrip: false, normalized: false, special: true };
  const eos_token = config.eos_token ?? (model.vocab.has(DEFAULT_END_OF_TEXT) ? DEFAULT_END_OF_TEXT : undefined);
  let free = 0;
  for (const id of model.vocab.values()) free = Math.max(free, id + 1);
  for (const { id } of byContent.values()) free = Math.max(free, id + 1);
  for (const content of namedTokens({ ...config, eos_token })) {
    if (content !== '' && !byContent.has(content)) {
      byContent.set(content, { id: model.vocab.get(content) ?? free++, content, ...flags });
    }
  }
  return [...byContent.values()];
}

/** The tokens that have a role, and other special ones. */
function namedTokens(config: Partial<TokenizerConfig>): string[] {
  const roles = tokenRoles.map((role) => config[role]).filter((content) => content !== undefined);
  return [...roles, ...(config.additional_special_tokens ?? [])];
}
