/** Files that older versions of Hugging Face's library wrote beside a tokenizer. Later ones have their contents in tokenizer_config.json. */
import * as v from 'valibot';
import { TsgptError } from '../../core/errors.ts';
import { describeIssue } from '../../core/invalid-json.ts';
import { isObject, parseJSON } from '../../core/json.ts';
import { isTokenId } from './added-tokens.ts';
import { parseTokenizerConfig, tokenRoles } from './tokenizer-file.ts';

/** The token of each role, or a list for `additional_special_tokens`. */
const anObject = v.custom<object>(isObject, 'it must be an object');
const rolesSchema = v.pipe(anObject, v.record(v.string(), v.unknown()));
const tokenId = v.pipe(v.number(), v.check(isTokenId, 'an id must be a whole number below 2^21'));
const addedSchema = v.pipe(anObject, v.record(v.string(), tokenId));

/**
 * A tokenizer_config.json with the roles of tokens that special_tokens_map.json names. As in the original, a configuration that has
 * `added_tokens_decoder` needs no other file, and otherwise that file decides.
 */
export function withRoles(config: unknown, roles: string | undefined): unknown {
  if (roles === undefined || !isObject(config) || isObject(config.added_tokens_decoder)) return config;
  const named = parse('special_tokens_map.json', rolesSchema, roles);
  const known = tokenRoles.filter((role) => named[role] !== undefined).map((role) => [role, named[role]]);
  const others = [config.additional_special_tokens, named.additional_special_tokens].flatMap((some) => some ?? []);
  return {
    ...config,
    ...Object.fromEntries(known),
    ...(others.length > 0 && { additional_special_tokens: [...new Set(others)] }),
  };
}

/** A tokenizer.json with the tokens of added_tokens.json that neither it nor the configuration lists. Those with a role are special. */
export function withAddedTokens(file: unknown, added: string | undefined, config: unknown): unknown {
  if (added === undefined || !isObject(file)) return file;
  const ids = parse('added_tokens.json', addedSchema, added);
  const settings = parseTokenizerConfig(config);
  const special = new Set([...tokenRoles.map((role) => settings[role]), ...settings.additional_special_tokens]);
  const listed = Array.isArray(file.added_tokens) ? file.added_tokens : [];
  const known = new Set([...listed, ...settings.added_tokens_decoder].map((token) => token?.content));
  const more = Object.entries(ids)
    .filter(([content]) => !known.has(content))
    .sort(([, a], [, b]) => a - b)
    .map(([content, id]) => ({
      ...{ id, content, single_word: false, lstrip: false, rstrip: false },
      ...{ normalized: !special.has(content), special: special.has(content) },
    }));
  return { ...file, added_tokens: [...listed, ...more] };
}

function parse<T>(name: string, schema: v.GenericSchema<unknown, T>, text: string): T {
  const parsed = v.safeParse(schema, parseJSON(text, name));
  if (parsed.success) return parsed.output;
  throw new TsgptError(`${name} cannot be used: ${describeIssue(parsed.issues[0])}`);
}
