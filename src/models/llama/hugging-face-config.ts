import * as v from 'valibot';
import { absent, fixed } from '../config-schema.ts';
import { ropeSchema } from './rope-schema.ts';

/** What a model type knows of sliding windows. */
export interface Window {
  /** Which blocks have one: none, all, or, if use_sliding_window is true, those from max_window_layers on. */
  blocks: 'none' | 'all' | 'last';
  /** The length if config.json does not mention one. */
  length: number | null;
}

const noExperts = absent('is set, but mixtures of experts are not supported');
const noCapping = absent('is set, but soft-capping is not supported');

const layerType = v.picklist(
  ['full_attention', 'sliding_attention'],
  ({ received }) => `is ${received}, but only "full_attention" and "sliding_attention" are supported`,
);

/** The fields of a config.json. Its `sliding_window` becomes the window of all blocks, null if they see the whole context. */
export function configSchemaFor(window: Window) {
  return v.pipe(
    v.object({
      vocab_size: v.number(),
      max_position_embeddings: v.number(),
      hidden_size: v.number(),
      intermediate_size: v.number(),
      num_hidden_layers: v.number(),
      num_attention_heads: v.number(),
      num_key_value_heads: v.nullish(v.number()),
      head_dim: v.nullish(v.number()),
      rms_norm_eps: v.nullish(v.number(), 1e-6),
      rope_theta: v.nullish(v.number(), 10_000),
      rope_scaling: v.nullish(ropeSchema),
      rope_parameters: v.nullish(ropeSchema),
      attention_bias: v.nullish(v.boolean(), false),
      mlp_bias: v.nullish(v.boolean(), false),
      tie_word_embeddings: v.nullish(v.boolean(), false),
      attention_dropout: v.nullish(v.number(), 0),
      use_sliding_window: v.nullish(v.boolean(), false),
      sliding_window: v.optional(v.nullable(v.number()), window.length),
      max_window_layers: v.nullish(v.number(), 28),
      layer_types: v.nullish(v.array(layerType)),
      // Other values of these fields would change the computation.
      hidden_act: fixed('silu'),
      partial_rotary_factor: fixed(1),
      is_causal: fixed(true),
      quantization_config: absent('is set, but quantized weights cannot be read; choose the model they were made from'),
      num_experts: noExperts,
      num_local_experts: noExperts,
      no_rope_layers: absent('is set, but blocks without rotary positions are not supported'),
      attn_logit_softcapping: noCapping,
      final_logit_softcapping: noCapping,
    }),
    v.rawTransform(({ dataset, addIssue }) => {
      const published = dataset.value;
      const { length, problem } = windowOf(published, window);
      if (problem) addIssue({ message: problem });
      return { ...published, sliding_window: length };
    }),
  );
}

interface WindowFields {
  max_position_embeddings: number;
  num_hidden_layers: number;
  use_sliding_window: boolean;
  sliding_window: number | null;
  max_window_layers: number;
  layer_types?: readonly string[] | null | undefined;
}

/** The window of all blocks, or why there is none that they share. */
function windowOf(fields: WindowFields, { blocks }: Window): { length: number | null; problem?: string } {
  const { max_position_embeddings: context, num_hidden_layers: count, sliding_window: length } = fields;
  const isUsed = blocks !== 'last' || fields.use_sliding_window;
  const firstWithWindow = blocks === 'last' ? fields.max_window_layers : 0;
  const isSliding = (type: string) => type === 'sliding_attention';
  const { layer_types: types } = fields;
  const withWindow = types ? types.filter(isSliding).length : Math.max(0, count - firstWithWindow);
  if (!isUsed || length === null || length >= context || withWindow === 0) {
    const isMissing = types?.some(isSliding) && (!isUsed || length === null);
    return {
      length: null,
      ...(isMissing && { problem: 'layer_types has "sliding_attention", but there is no sliding_window' }),
    };
  }
  const says = `sliding_window is ${length}, but`;
  if (blocks === 'none') return { length, problem: `${says} models of this type have no window` };
  if (withWindow < (types?.length ?? count)) {
    return { length, problem: `${says} not every block has it, which is not supported` };
  }
  return { length };
}
