import * as v from 'valibot';

/** The `post_processor` of a tokenizer.json: which special tokens stand around a text. */
export type PostProcessorJSON =
  | { type: 'ByteLevel' }
  | {
      type: 'TemplateProcessing';
      single: ({ SpecialToken: { id: string } } | { Sequence: { id: string } })[];
      special_tokens: Record<string, { ids: number[] }>;
    }
  | { type: 'Sequence'; processors: PostProcessorJSON[] };

const named = v.object({ id: v.string() });

export const postProcessorSchema: v.GenericSchema<unknown, PostProcessorJSON> = v.lazy(() =>
  v.variant('type', [
    v.object({ type: v.literal('ByteLevel') }),
    v.object({
      type: v.literal('TemplateProcessing'),
      single: v.array(v.union([v.object({ SpecialToken: named }), v.object({ Sequence: named })])),
      special_tokens: v.record(v.string(), v.object({ ids: v.array(v.number()) })),
    }),
    v.object({ type: v.literal('Sequence'), processors: v.array(postProcessorSchema) }),
  ]),
);

/** The ids of the special tokens that stand before a text. */
export function idsBeforeText(json: PostProcessorJSON | null): number[] {
  switch (json?.type) {
    case 'TemplateProcessing': {
      const ids: number[] = [];
      for (const piece of json.single) {
        if ('Sequence' in piece) break;
        ids.push(...(json.special_tokens[piece.SpecialToken.id]?.ids ?? []));
      }
      return ids;
    }
    case 'Sequence':
      return json.processors.flatMap(idsBeforeText);
    default:
      // `ByteLevel` is about the places of tokens in the text, which are not kept here.
      return [];
  }
}
