import * as v from 'valibot';
import { absent, fixed, parseConfig } from '../config-schema.ts';
import type { PretrainedFamily } from '../families.ts';
import {
  checkBlocks,
  checkLlamaConfig,
  Llama,
  type LlamaConfig,
  loadLlamaWeights,
  publishedLlamaName,
} from '../index.ts';
import { PublishedWeights } from '../published-weights.ts';
import { ropeSchema } from './rope-schema.ts';

/** What the relatives of Llama do differently without saying so in their config.json. */
interface Kinship {
  /** Where the linear layers have biases, as far as it is always the same. */
  biases?: Partial<Pick<LlamaConfig, 'qkvBias' | 'outputBias' | 'feedForwardBias'>>;
  qkNorm?: boolean;
  /** What holds if nothing is said: whether attention is limited to a window, and how long that is. */
  window?: Window;
}

interface Window {
  isUsed: boolean | 'whatever is said';
  length: number | null;
}

const noBiases = { qkvBias: false, outputBias: false, feedForwardBias: false };

/** Llama 2 and 3, and all that are built the same: TinyLlama, SmolLM2, ... */
export const llamaFamily = relative({});
export const mistralFamily = relative({ biases: noBiases, window: { isUsed: 'whatever is said', length: 4096 } });
/** Qwen2 and Qwen2.5. */
export const qwen2Family = relative({
  biases: { ...noBiases, qkvBias: true },
  window: { isUsed: false, length: 4096 },
});
export const qwen3Family = relative({
  biases: { feedForwardBias: false },
  qkNorm: true,
  window: { isUsed: false, length: 4096 },
});

/** A family whose models all are of the class {@link Llama}. */
function relative({ biases, qkNorm = false, window = { isUsed: true, length: null } }: Kinship) {
  const family: PretrainedFamily<LlamaConfig> = {
    architecture: 'llama',
    readConfig(json) {
      const published = parseConfig(configSchemaFor(window), json);
      const rope = published.rope_scaling ?? published.rope_parameters;
      const { hidden_size: embDim, num_attention_heads: nHeads, attention_bias: attentionBias } = published;
      const config: LlamaConfig = {
        vocabSize: published.vocab_size,
        contextLength: published.max_position_embeddings,
        embDim,
        nHeads,
        nKvHeads: published.num_key_value_heads ?? nHeads,
        headDim: published.head_dim ?? embDim / nHeads,
        nLayers: published.num_hidden_layers,
        hiddenDim: published.intermediate_size,
        normEps: published.rms_norm_eps,
        ropeTheta: rope?.theta ?? published.rope_theta,
        ...(rope?.scaling && { ropeScaling: rope.scaling }),
        qkvBias: attentionBias,
        outputBias: attentionBias,
        feedForwardBias: published.mlp_bias,
        ...biases,
        qkNorm,
        tiedHead: published.tie_word_embeddings,
        dropRate: published.attention_dropout,
      };
      checkLlamaConfig(config);
      return config;
    },
    async load(config, weights) {
      checkBlocks('llama', config, new PublishedWeights(weights, 'model.'), publishedLlamaName);
      const model = new Llama(config);
      await loadLlamaWeights(model, weights);
      return model;
    },
  };
  return family;
}

const noExperts = absent('is there, but mixtures of experts are not supported');
const noCapping = absent('is there, but capping is not supported');

function configSchemaFor(window: Window) {
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
      // What would change the computation.
      hidden_act: fixed('silu'),
      partial_rotary_factor: fixed(1),
      is_causal: fixed(true),
      layer_types: v.nullish(v.array(fixed('full_attention'))),
      quantization_config: absent(
        'is there, but quantised weights cannot be read; choose the model they were made from',
      ),
      num_experts: noExperts,
      num_local_experts: noExperts,
      no_rope_layers: absent('is there, but layers without positions are not supported'),
      attn_logit_softcapping: noCapping,
      final_logit_softcapping: noCapping,
    }),
    v.rawCheck(({ dataset, addIssue }) => {
      if (!dataset.typed) return;
      const { use_sliding_window, sliding_window, max_position_embeddings } = dataset.value;
      const isUsed = window.isUsed === 'whatever is said' || use_sliding_window;
      if (!isUsed || sliding_window === null || sliding_window >= max_position_embeddings) return;
      const message =
        `sliding_window is ${sliding_window}, but attention that sees less than all of ` +
        `max_position_embeddings, ${max_position_embeddings}, is not supported`;
      addIssue({ message });
    }),
  );
}
