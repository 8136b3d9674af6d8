import * as v from 'valibot';
import { TsgptError } from '../core/errors.ts';
import { describeIssue } from '../core/invalid-json.ts';
import { parseJSON } from '../core/json.ts';

const namedTemplate = v.object({ name: v.string(), template: v.string() });
const tokenizerConfigSchema = v.object({ chat_template: v.nullish(v.union([v.string(), v.array(namedTemplate)])) });

const tokenId = v.pipe(v.number(), v.integer());
const generationConfigSchema = v.object({ eos_token_id: v.nullish(v.union([tokenId, v.array(tokenId)])) });

/** The chat template in a tokenizer_config.json; of several, the one named "default". */
export function chatTemplateIn(text: string | undefined): string | undefined {
  const { chat_template: templates } = parse('tokenizer_config.json', tokenizerConfigSchema, text) ?? {};
  if (typeof templates === 'string') return templates;
  return (templates?.find(({ name }) => name === 'default') ?? templates?.[0])?.template;
}

/** The tokens that end a text, from a generation_config.json or a config.json. An id that no token has, such as -1, is none. */
export function stopTokensIn(name: string, text: string | undefined): number[] {
  const { eos_token_id: ids } = parse(name, generationConfigSchema, text) ?? {};
  return [ids ?? []].flat().filter((id) => id >= 0);
}

function parse<T>(name: string, schema: v.GenericSchema<unknown, T>, text: string | undefined): T | undefined {
  if (text === undefined) return undefined;
  const parsed = v.safeParse(schema, parseJSON(text, name));
  if (parsed.success) return parsed.output;
  throw new TsgptError(`${name} is damaged: ${describeIssue(parsed.issues[0])}`);
}
