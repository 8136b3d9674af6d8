import * as v from 'valibot';
import { toByteCharacters } from './byte-characters.ts';
import {
  type PatternJSON,
  patternOf,
  patternSchema,
  type SplitBehavior,
  splitBehaviors,
  splitText,
} from './pattern.ts';

/** The `pre_tokenizer` of a tokenizer.json: how a text is cut into the words within which symbols merge. */
export type PreTokenizerJSON =
  | { type: 'Whitespace' | 'WhitespaceSplit' | 'BertPreTokenizer' }
  | { type: 'CharDelimiterSplit'; delimiter: string }
  | { type: 'ByteLevel'; add_prefix_space: boolean; use_regex: boolean }
  | { type: 'Digits'; individual_digits: boolean }
  | { type: 'Metaspace'; replacement: string; prepend_scheme: 'always' | 'first' | 'never'; split: boolean }
  | { type: 'Punctuation'; behavior: SplitBehavior }
  | { type: 'Split'; pattern: PatternJSON; behavior: SplitBehavior; invert: boolean }
  | { type: 'Sequence'; pretokenizers: PreTokenizerJSON[] };

const behaviorSchema = v.picklist(splitBehaviors);

export const preTokenizerSchema: v.GenericSchema<unknown, PreTokenizerJSON> = v.lazy(() =>
  v.variant('type', [
    v.object({ type: v.picklist(['Whitespace', 'WhitespaceSplit', 'BertPreTokenizer']) }),
    v.object({ type: v.literal('CharDelimiterSplit'), delimiter: v.string() }),
    v.object({ type: v.literal('ByteLevel'), add_prefix_space: v.boolean(), use_regex: v.nullish(v.boolean(), true) }),
    v.object({ type: v.literal('Digits'), individual_digits: v.boolean() }),
    v.pipe(
      v.object({
        type: v.literal('Metaspace'),
        replacement: v.string(),
        // Older files have only this flag.
        add_prefix_space: v.nullish(v.boolean(), true),
        prepend_scheme: v.nullish(v.picklist(['always', 'first', 'never'])),
        split: v.nullish(v.boolean(), true),
      }),
      v.transform(({ add_prefix_space, prepend_scheme, ...rest }) => ({
        ...rest,
        prepend_scheme: prepend_scheme ?? (add_prefix_space ? ('always' as const) : ('never' as const)),
      })),
    ),
    v.object({ type: v.literal('Punctuation'), behavior: v.nullish(behaviorSchema, 'Isolated') }),
    v.object({
      type: v.literal('Split'),
      pattern: patternSchema,
      behavior: behaviorSchema,
      invert: v.nullish(v.boolean(), false),
    }),
    v.object({ type: v.literal('Sequence'), pretokenizers: v.array(preTokenizerSchema) }),
  ]),
);

/** Cuts a text into words; `atStart` says whether it is the beginning of the whole text. */
export type PreTokenizer = (text: string, atStart: boolean) => string[];

/** The function that `json` describes. Null describes one that takes the whole text as one word. */
export function createPreTokenizer(json: PreTokenizerJSON | null): PreTokenizer {
  if (!json) return (text) => [text];
  switch (json.type) {
    case 'Whitespace':
      return (text) => text.match(WORD_OR_SYMBOLS) ?? [];
    case 'WhitespaceSplit':
      return (text) => splitText(text, WHITE_SPACE, 'Removed', false);
    case 'BertPreTokenizer': {
      const atPunctuation = splitter({ Regex: PUNCTUATION });
      return (text) => splitText(text, WHITE_SPACE, 'Removed', false).flatMap(atPunctuation);
    }
    case 'CharDelimiterSplit':
      return splitter({ String: json.delimiter }, 'Removed');
    case 'ByteLevel': {
      const words = json.use_regex ? splitter({ Regex: GPT2_WORD }) : (text: string) => [text];
      return (text) => words(json.add_prefix_space ? withPrefix(' ', text) : text).map(toByteCharacters);
    }
    case 'Digits':
      return splitter({ Regex: json.individual_digits ? '\\p{N}' : '\\p{N}+' });
    case 'Metaspace': {
      const { replacement, prepend_scheme: scheme } = json;
      const words = json.split ? splitter({ String: replacement }, 'MergedWithNext') : (text: string) => [text];
      return (text, atStart) => {
        const marked = text.replaceAll(' ', () => replacement);
        return words(scheme === 'always' || (scheme === 'first' && atStart) ? withPrefix(replacement, marked) : marked);
      };
    }
    case 'Punctuation':
      return splitter({ Regex: PUNCTUATION }, json.behavior);
    case 'Split':
      return splitter(json.pattern, json.behavior, json.invert);
    case 'Sequence': {
      const steps = json.pretokenizers.map(createPreTokenizer);
      return (text, atStart) =>
        steps.reduce((words, step) => words.flatMap((word, i) => step(word, atStart && i === 0)), [text]);
    }
  }
}

/** GPT-2's own pattern; `\s` is Unicode's white space. */
export const GPT2_WORD = "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+";

/** Of Unicode, and all symbols of ASCII. */
const PUNCTUATION = '[\\p{P}$+<=>^`|~]';

const WHITE_SPACE = /\p{White_Space}/gu;

/** A word, or other characters without white space between them; what a word is made of is Unicode's `\w`. */
const WORD_OR_SYMBOLS = (() => {
  const inWord = '\\p{Alphabetic}\\p{M}\\p{Nd}\\p{Pc}\\p{Join_Control}';
  return new RegExp(`[${inWord}]+|[^${inWord}\\p{White_Space}]+`, 'gu');
})();

function splitter(pattern: PatternJSON, behavior: SplitBehavior = 'Isolated', invert = false) {
  const regExp = patternOf(pattern);
  return (text: string) => splitText(text, regExp, behavior, invert);
}

const withPrefix = (prefix: string, text: string) => (text.startsWith(prefix) ? text : prefix + text);
