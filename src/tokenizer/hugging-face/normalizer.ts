import * as v from 'valibot';
import { type PatternJSON, patternOf, patternSchema } from './pattern.ts';

const forms = ['NFC', 'NFD', 'NFKC', 'NFKD'] as const;

/** The `normalizer` of a tokenizer.json: how a text is changed before it is cut into words. */
export type NormalizerJSON =
  | { type: (typeof forms)[number] }
  | { type: 'Prepend'; prepend: string }
  | { type: 'Replace'; pattern: PatternJSON; content: string }
  | { type: 'Sequence'; normalizers: NormalizerJSON[] };

export const normalizerSchema: v.GenericSchema<unknown, NormalizerJSON> = v.lazy(() =>
  v.variant('type', [
    v.object({ type: v.picklist(forms) }),
    v.object({ type: v.literal('Prepend'), prepend: v.string() }),
    v.object({ type: v.literal('Replace'), pattern: patternSchema, content: v.string() }),
    v.object({ type: v.literal('Sequence'), normalizers: v.array(normalizerSchema) }),
  ]),
);

/** The function that `json` describes. Null describes one that changes nothing. */
export function createNormalizer(json: NormalizerJSON | null): (text: string) => string {
  if (!json) return (text) => text;
  switch (json.type) {
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
