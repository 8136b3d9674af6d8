import { ensure, TsgptError } from '../core/errors.ts';
import type { RotaryScaling } from '../nn/index.ts';
import { GPT2, type GPT2Config, type LanguageModel, Llama, type LlamaConfig } from './index.ts';
import { type PublishedTensor, publishedGPT2Tensors, publishedLlamaTensors } from './published-tensors.ts';

/** A model in the form of Hugging Face: what its config.json says of it, and its weights. */
export interface PublishedForm {
  config: Record<string, unknown>;
  tensors: PublishedTensor[];
}

/**
 * How Hugging Face publishes such a model: as `gpt2`, `llama`, `qwen2` or `qwen3`. A Mistral is written as a llama, which computes the same.
 *
 * @throws TsgptError if none of their configurations can express the model
 */
export function publishedForm(model: LanguageModel): PublishedForm {
  if (model instanceof GPT2) return { config: gpt2Config(model.config), tensors: publishedGPT2Tensors(model) };
  if (model instanceof Llama) return { config: llamaConfig(model.config), tensors: publishedLlamaTensors(model) };
  throw new TsgptError(
    `a model of the architecture ${model.architecture} cannot be written in the layout of Hugging Face`,
  );
}

function gpt2Config(config: GPT2Config): Record<string, unknown> {
  const { vocabSize, contextLength, embDim, nHeads, nLayers, dropRate, tiedHead } = config;
  return {
    architectures: ['GPT2LMHeadModel'],
    model_type: 'gpt2',
    vocab_size: vocabSize,
    n_positions: contextLength,
    n_ctx: contextLength,
    n_embd: embDim,
    n_head: nHeads,
    n_layer: nLayers,
    n_inner: null,
    activation_function: 'gelu_new',
    layer_norm_epsilon: 1e-5,
    resid_pdrop: dropRate,
    embd_pdrop: dropRate,
    attn_pdrop: dropRate,
    tie_word_embeddings: tiedHead,
    torch_dtype: 'float32',
  };
}

function llamaConfig(config: LlamaConfig): Record<string, unknown> {
  const { vocabSize, contextLength, embDim, nHeads, nKvHeads, headDim, nLayers, hiddenDim } = config;
  return {
    ...kinship(config),
    vocab_size: vocabSize,
    max_position_embeddings: contextLength,
    hidden_size: embDim,
    intermediate_size: hiddenDim,
    num_hidden_layers: nLayers,
    num_attention_heads: nHeads,
    num_key_value_heads: nKvHeads,
    head_dim: headDim,
    hidden_act: 'silu',
    rms_norm_eps: config.normEps,
    rope_theta: config.ropeTheta,
    rope_scaling: config.ropeScaling ? publishedScaling(config.ropeScaling) : null,
    attention_dropout: config.dropRate,
    tie_word_embeddings: config.tiedHead,
    torch_dtype: 'float32',
  };
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
