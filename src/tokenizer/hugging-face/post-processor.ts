import * as v from 'valibot';

/** The `post_processor` of a tokenizer.json: which special tokens surround a text. */
export type PostProcessorJSON =
  | { type: 'ByteLevel' }
  /** `cls` before a text, `sep` after it: each a token and its id. */
  | { type: 'RobertaProcessing' | 'BertProcessing'; cls: [string, number] }
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
    v.object({ type: v.picklist(['RobertaProcessing', 'BertProcessing']), cls: v.tuple([v.string(), v.number()]) }),
    v.object({
      type: v.literal('TemplateProcessing'),
      single: v.array(v.union([v.object({ SpecialToken: named }), v.object({ Sequence: named })])),
      special_tokens: v.record(v.string(), v.object({ ids: v.array(v.number()) })),
    }),
    v.object({ type: v.literal('Sequence'), processors: v.array(postProcessorSchema) }),
  ]),
);

/** The ids of the special tokens before a text. */
function idsBeforeText(json: PostProcessorJSON | null): number[] {
  switch (json?.type) {
    case 'TemplateProcessing': {
      const ids: number[] = [];
      for (const piece of json.single) {
        if ('Sequence' in piece) break;
        ids.push(...(json.special_tokens[piece.SpecialToken.id]?.ids ?? []));
      }
      return ids;
    }
    case 'RobertaProcessing':
    case 'BertProcessing':
      return [json.cls[1]];
    case 'Sequence':
      return json.processors.flatMap(idsBeforeText);
    default:
      // `ByteLevel` concerns the positions of tokens in the text, which tsgpt does not keep.
      return [];
  }
}

/**
 * The ids of the special tokens that a model expects before a text.
 *
 * @param add `add_bos_token` of the configuration; if given, it overrides the template
 * @param bosId the id of the token that begins a text
 */
export function beginOfTextIds(
  postProcessor: PostProcessorJSON | null,
  add: boolean | undefined,
  bosId: number | undefined,
): number[] {
  const template = idsBeforeText(postProcessor);
  if (bosId === undefined || add === undefined || add === template.includes(bosId)) return template;
  return add ? [bosId, ...template] : template.filter((id) => id !== bosId);
}
