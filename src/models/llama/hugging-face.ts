import * as v from 'valibot';
import { ensure } from '../../core/errors.ts';
import type { RotaryScaling } from '../../nn/index.ts';
import { absent, fixed, parseConfig } from '../config-schema.ts';
import type { HuggingFaceForm } from '../family.ts';
import type { TensorLayout } from '../tensor-layout.ts';
import { type LlamaConfig, llamaConfig } from './config.ts';
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

const relatives: Record<string, Kinship> = {
  /** Llama 2 and 3, and all that are built the same: TinyLlama, SmolLM2, ... */
  llama: {},
  mistral: { biases: noBiases, window: { isUsed: 'whatever is said', length: 4096 } },
  /** Qwen2 and Qwen2.5. */
  qwen2: { biases: { ...noBiases, qkvBias: true }, window: { isUsed: false, length: 4096 } },
  qwen3: { biases: { feedForwardBias: false }, qkNorm: true, window: { isUsed: false, length: 4096 } },
};

/** Llama and its relatives. A Mistral is written as a llama, which computes the same. */
export const llamaHuggingFace: HuggingFaceForm<LlamaConfig> = {
  modelTypes: Object.keys(relatives),
  readConfig(json, modelType) {
    const { biases, qkNorm = false, window = { isUsed: true, length: null } } = relatives[modelType]!;
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
    llamaConfig.check(config);
    return config;
  },
  writeConfig: (config) => ({
    ...kinship(config),
    vocab_size: config.vocabSize,
    max_position_embeddings: config.contextLength,
    hidden_size: config.embDim,
    intermediate_size: config.hiddenDim,
    num_hidden_layers: config.nLayers,
    num_attention_heads: config.nHeads,
    num_key_value_heads: config.nKvHeads,
    head_dim: config.headDim,
    hidden_act: 'silu',
    rms_norm_eps: config.normEps,
    rope_theta: config.ropeTheta,
    rope_scaling: config.ropeScaling ? publishedScaling(config.ropeScaling) : null,
    attention_dropout: config.dropRate,
    tie_word_embeddings: config.tiedHead,
    torch_dtype: 'float32',
  }),
  layout: () => layout,
};

/** Parts of ours and what Hugging Face's Llama, Mistral and Qwen call them. */
const blockParts: Record<string, string> = {
  attentionNorm: 'input_layernorm',
  'attention.query': 'self_attn.q_proj',
  'attention.key': 'self_attn.k_proj',
  'attention.value': 'self_attn.v_proj',
  'attention.queryNorm': 'self_attn.q_norm',
  'attention.keyNorm': 'self_attn.k_norm',
  'attention.output': 'self_attn.o_proj',
  feedForwardNorm: 'post_attention_layernorm',
  'feedForward.gate': 'mlp.gate_proj',
  'feedForward.up': 'mlp.up_proj',
  'feedForward.down': 'mlp.down_proj',
};
const otherParts: Record<string, string> = {
  tokenEmbedding: 'model.embed_tokens',
  finalNorm: 'model.norm',
  head: 'lm_head',
};

const layout: TensorLayout = {
  prefix: 'model.',
  // The angles of the rotary positions, which old files have: they follow from the configuration.
  ignored: /^(layers\.\d+\.self_attn\.)?rotary_emb\.inv_freq$/,
  tied: { path: 'tokenEmbedding.weight', other: 'head.weight' },
  placeOf(path) {
    const [, block, part, kind] = /^(?:blocks\.(\d+)\.)?(.+)\.(weight|bias)$/.exec(path)!;
    return { name: `${block ? `model.layers.${block}.${blockParts[part!]}` : otherParts[part!]}.${kind}` };
  },
};

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

/** Which relative of Llama it is follows from where it has biases and norms. */
function kinship({ qkvBias, outputBias, feedForwardBias, qkNorm }: LlamaConfig): Record<string, unknown> {
  if (qkvBias && !outputBias && !feedForwardBias && !qkNorm) {
    return { architectures: ['Qwen2ForCausalLM'], model_type: 'qwen2', use_sliding_window: false };
  }
  ensure(
    qkvBias === outputBias && !(qkNorm && feedForwardBias),
    'no relative of Llama that Hugging Face publishes has its biases just where this model has them, so it cannot be written in that layout',
  );
  if (qkNorm) {
    const rest = { attention_bias: qkvBias, use_sliding_window: false };
    return { architectures: ['Qwen3ForCausalLM'], model_type: 'qwen3', ...rest };
  }
  return {
    architectures: ['LlamaForCausalLM'],
    model_type: 'llama',
    attention_bias: qkvBias,
    mlp_bias: feedForwardBias,
  };
}

function publishedScaling(scaling: RotaryScaling): Record<string, unknown> {
  if (scaling.kind === 'linear') return { rope_type: 'linear', factor: scaling.factor };
  return {
    rope_type: 'llama3',
    factor: scaling.factor,
    low_freq_factor: scaling.lowFrequencyFactor,
    high_freq_factor: scaling.highFrequencyFactor,
    original_max_position_embeddings: scaling.originalContextLength,
  };
}
