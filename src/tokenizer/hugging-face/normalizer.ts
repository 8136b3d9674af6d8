import * as v from 'valibot';
import { toByteCharacters } from './byte-characters.ts';
import { type PatternJSON, patternOf, patternSchema } from './pattern.ts';

const forms = ['NFC', 'NFD', 'NFKC', 'NFKD'] as const;

/** The `normalizer` of a tokenizer.json: how a text is changed before it is cut into words. */
export type NormalizerJSON =
  | { type: (typeof forms)[number] | 'Lowercase' | 'StripAccents' | 'ByteLevel' }
  | { type: 'Strip'; strip_left: boolean; strip_right: boolean }
  | { type: 'Prepend'; prepend: string }
  | { type: 'Replace'; pattern: PatternJSON; content: string }
  | { type: 'Sequence'; normalizers: NormalizerJSON[] };

export const normalizerSchema: v.GenericSchema<unknown, NormalizerJSON> = v.lazy(() =>
  v.variant('type', [
    v.object({ type: v.picklist([...forms, 'Lowercase', 'StripAccents', 'ByteLevel']) }),
    v.object({ type: v.literal('Strip'), strip_left: v.boolean(), strip_right: v.boolean() }),
    v.object({ type: v.literal('Prepend'), prepend: v.string() }),
    v.object({ type: v.literal('Replace'), pattern: patternSchema, content: v.string() }),
    v.object({ type: v.literal('Sequence'), normalizers: v.array(normalizerSchema) }),
  ]),
);

/** The function that `json` describes. Null describes one that changes nothing. */
export function createNormalizer(json: NormalizerJSON | null): (text: string) => string {
  if (!json) return (text) => text;
  switch (json.type) {
    case 'Lowercase':
      // Character by character, as in the original: JavaScript alone gives a sigma at the end of a word another form.
      return (text) => text.replaceAll('Σ', 'σ').toLowerCase();
    case 'StripAccents':
      return (text) => text.replace(/\p{M}/gu, '');
    case 'Strip':
      return (text) => stripped(text, json.strip_left, json.strip_right);
    case 'ByteLevel':
      return toByteCharacters;
    case 'Prepend':
      return (text) => json.prepend + text;
    case 'Replace': {
      const pattern = patternOf(json.pattern);
      return (text) => text.replaceAll(pattern, () => json.content);
    }
    case 'Sequence': {
      const steps = json.normalizers.map(createNormalizer);
      return (text) => steps.reduce((result, step) => step(result), text);
    }
    default:
      return (text) => text.normalize(json.type);
  }
}

/** The text without white space, Unicode's, at its beginning or its end. */
function stripped(text: string, left: boolean, right: boolean): string {
  let start = 0;
  let end = text.length;
  const isSpace = (at: number) => /\p{White_Space}/u.test(text[at]!);
  if (left) while (start < end && isSpace(start)) start++;
  if (right) while (end > start && isSpace(end - 1)) end--;
  return text.slice(start, end);
}
