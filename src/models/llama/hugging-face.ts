import { ensure } from '../../core/errors.ts';
import type { RotaryScaling } from '../../nn/index.ts';
import { parseConfig } from '../config-schema.ts';
import type { HuggingFaceForm } from '../family.ts';
import { type LlamaConfig, llamaConfig } from './config.ts';
import { configSchemaFor, type Window } from './hugging-face-config.ts';
import { huggingFaceLayout } from './hugging-face-layout.ts';

/** The differences between Llama and a relative that its config.json does not mention. */
interface Kinship {
  /** The biases that do not depend on config.json. */
  biases?: Partial<Pick<LlamaConfig, 'qkvBias' | 'outputBias' | 'feedForwardBias'>>;
  qkNorm?: boolean;
  /** Its sliding windows. Defaults to none. */
  window?: Window;
}

const noBiases = { qkvBias: false, outputBias: false, feedForwardBias: false };

const relatives: Record<string, Kinship> = {
  /** Llama 2 and 3, and models of the same structure, such as TinyLlama and SmolLM2. */
  llama: {},
  mistral: { biases: noBiases, window: { blocks: 'all', length: 4096 } },
  /** Qwen2 and Qwen2.5. */
  qwen2: { biases: { ...noBiases, qkvBias: true }, window: { blocks: 'last', length: 4096 } },
  qwen3: { biases: { feedForwardBias: false }, qkNorm: true, window: { blocks: 'last', length: 4096 } },
};

/** Llama and its relatives. A Mistral without a sliding window is written as a Llama, which computes the same. */
export const llamaHuggingFace: HuggingFaceForm<LlamaConfig> = {
  modelTypes: Object.keys(relatives),
  readConfig(json, modelType) {
    const { biases, qkNorm = false, window = { blocks: 'none', length: null } } = relatives[modelType]!;
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
      ...(published.sliding_window !== null && { slidingWindow: published.sliding_window }),
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
  layout: () => huggingFaceLayout,
  untied: (config) => (config.tiedHead ? { ...config, tiedHead: false } : undefined),
};

/** Determines the relative of Llama from its biases, norms and window. */
function kinship({
  qkvBias,
  outputBias,
  feedForwardBias,
  qkNorm,
  slidingWindow,
}: LlamaConfig): Record<string, unknown> {
  const ofQwen = slidingWindow
    ? { use_sliding_window: true, sliding_window: slidingWindow, max_window_layers: 0 }
    : { use_sliding_window: false };
  if (qkvBias && !outputBias && !feedForwardBias && !qkNorm) {
    return { architectures: ['Qwen2ForCausalLM'], model_type: 'qwen2', ...ofQwen };
  }
  ensure(
    qkvBias === outputBias && !(qkNorm && feedForwardBias),
    "this model cannot be written in Hugging Face's layout: no relative of Llama there has the same combination of biases and norms",
  );
  if (qkNorm) {
    return { architectures: ['Qwen3ForCausalLM'], model_type: 'qwen3', attention_bias: qkvBias, ...ofQwen };
  }
  if (slidingWindow) {
    ensure(
      !qkvBias && !feedForwardBias,
      "this model cannot be written in Hugging Face's layout: no relative of Llama there has both a sliding window and these biases",
    );
    return { architectures: ['MistralForCausalLM'], model_type: 'mistral', sliding_window: slidingWindow };
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
