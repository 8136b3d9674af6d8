import * as v from 'valibot';
import { absent, fixed } from '../config-schema.ts';
import { ropeSchema } from './rope-schema.ts';

/** Sliding-window attention: whether it is used, and how many tokens it sees. `always` ignores use_sliding_window. */
export interface Window {
  isUsed: boolean | 'always';
  length: number | null;
}

const noExperts = absent('is set, but mixtures of experts are not supported');
const noCapping = absent('is set, but soft-capping is not supported');

/** The fields of a config.json. `window` is the default if the file does not mention a window. */
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
      rms_norm_eps: v.optional(v.number(), 1e-6),
      rope_theta: v.nullish(v.number(), 10_000),
      rope_scaling: v.nullish(ropeSchema),
      rope_parameters: v.nullish(ropeSchema),
      attention_bias: v.optional(v.boolean(), false),
      mlp_bias: v.optional(v.boolean(), false),
      tie_word_embeddings: v.optional(v.boolean(), false),
      attention_dropout: v.nullish(v.number(), 0),
      use_sliding_window: v.nullish(v.boolean(), window.isUsed !== false),
      sliding_window: v.optional(v.nullable(v.number()), window.length),
      // Other values of these fields would change the computation.
      hidden_act: fixed('silu'),
      partial_rotary_factor: fixed(1),
      is_causal: fixed(true),
      layer_types: v.nullish(v.array(fixed('full_attention'))),
      quantization_config: absent('is set, but quantized weights cannot be read; choose the model they were made from'),
      num_experts: noExperts,
      num_local_experts: noExperts,
      no_rope_layers: absent('is set, but blocks without rotary positions are not supported'),
      attn_logit_softcapping: noCapping,
      final_logit_softcapping: noCapping,
    }),
    v.rawCheck(({ dataset, addIssue }) => {
      if (!dataset.typed) return;
      const { use_sliding_window, sliding_window, max_position_embeddings } = dataset.value;
      const isUsed = window.isUsed === 'always' || use_sliding_window;
      if (!isUsed || sliding_window === null || sliding_window >= max_position_embeddings) return;
      const message =
        `sliding_window is ${sliding_window}, but attention that sees less than all of ` +
        `max_position_embeddings, ${max_position_embeddings}, is not supported`;
      addIssue({ message });
    }),
  );
}
