import { describe, expect, it } from 'vitest';
import { TsgptError } from '../../../src/core/errors.ts';
import { readHuggingFaceConfig } from '../../../src/disk/pretrained.ts';
import { createModel, type LlamaConfig, llama } from '../../../src/models/index.ts';
import { huggingFaceForm } from '../../../src/models/registry.ts';

/** The config.json of meta-llama/Llama-3.2-1B, without the fields that are not used here. */
const llama3 = {
  architectures: ['LlamaForCausalLM'],
  attention_bias: false,
  attention_dropout: 0.0,
  bos_token_id: 128000,
  eos_token_id: 128001,
  head_dim: 64,
  hidden_act: 'silu',
  hidden_size: 2048,
  initializer_range: 0.02,
  intermediate_size: 8192,
  max_position_embeddings: 131072,
  mlp_bias: false,
  model_type: 'llama',
  num_attention_heads: 32,
  num_hidden_layers: 16,
  num_key_value_heads: 8,
  pretraining_tp: 1,
  rms_norm_eps: 1e-5,
  rope_scaling: {
    factor: 32.0,
    high_freq_factor: 4.0,
    low_freq_factor: 1.0,
    original_max_position_embeddings: 8192,
    rope_type: 'llama3',
  },
  rope_theta: 500000.0,
  tie_word_embeddings: true,
  torch_dtype: 'bfloat16',
  vocab_size: 128256,
};

/** Of Qwen/Qwen2.5-0.5B. */
const qwen2 = {
  architectures: ['Qwen2ForCausalLM'],
  attention_dropout: 0.0,
  hidden_act: 'silu',
  hidden_size: 896,
  intermediate_size: 4864,
  max_position_embeddings: 32768,
  max_window_layers: 24,
  model_type: 'qwen2',
  num_attention_heads: 14,
  num_hidden_layers: 24,
  num_key_value_heads: 2,
  rms_norm_eps: 1e-6,
  rope_theta: 1000000.0,
  sliding_window: 32768,
  tie_word_embeddings: true,
  use_mrope: false,
  use_sliding_window: false,
  vocab_size: 151936,
};

/** Of Qwen/Qwen3-0.6B. */
const qwen3 = {
  architectures: ['Qwen3ForCausalLM'],
  attention_bias: false,
  attention_dropout: 0.0,
  head_dim: 128,
  hidden_act: 'silu',
  hidden_size: 1024,
  intermediate_size: 3072,
  max_position_embeddings: 40960,
  max_window_layers: 28,
  model_type: 'qwen3',
  num_attention_heads: 16,
  num_hidden_layers: 28,
  num_key_value_heads: 8,
  rms_norm_eps: 1e-6,
  rope_scaling: null,
  rope_theta: 1000000,
  sliding_window: null,
  tie_word_embeddings: true,
  use_sliding_window: false,
  vocab_size: 151936,
};

/** Of mistralai/Mistral-7B-v0.3. */
const mistral = {
  architectures: ['MistralForCausalLM'],
  attention_dropout: 0.0,
  hidden_act: 'silu',
  hidden_size: 4096,
  intermediate_size: 14336,
  max_position_embeddings: 32768,
  model_type: 'mistral',
  num_attention_heads: 32,
  num_hidden_layers: 32,
  num_key_value_heads: 8,
  rms_norm_eps: 1e-5,
  rope_theta: 1000000.0,
  sliding_window: null,
  tie_word_embeddings: false,
  vocab_size: 32768,
};

/** Fields given as undefined are left out, as in a file. */
const read = (json: object) => readHuggingFaceConfig(JSON.parse(JSON.stringify(json)));
const configOf = (json: object) => read(json).config as LlamaConfig;

describe('the configuration of a relative of Llama', () => {
  it('is read from the published files', () => {
    expect(read(llama3)).toEqual({ modelType: 'llama', family: 'llama', config: llama.llama3 });
    expect(read(qwen2)).toEqual({ modelType: 'qwen2', family: 'llama', config: llama.qwen2 });
    expect(read(qwen3)).toEqual({ modelType: 'qwen3', family: 'llama', config: llama.qwen3 });
    const { family, config } = read(mistral);
    expect(config).toMatchObject({ headDim: 128, nKvHeads: 8, qkvBias: false, qkNorm: false, tiedHead: false });
    expect(createModel(family, config).parameterCount).toBe(7_248_023_552);
  });

  const rope = { rope_type: 'default', rope_theta: 20_000 };
  it.each<[object, Partial<LlamaConfig>]>([
    [{ ...llama3, num_key_value_heads: undefined }, { nKvHeads: 32 }],
    [
      { ...llama3, num_key_value_heads: null, head_dim: null },
      { nKvHeads: 32, headDim: 64 },
    ],
    [{ ...llama3, head_dim: undefined }, { headDim: 64 }],
    [{ ...llama3, head_dim: 128 }, { headDim: 128 }],
    [{ ...llama3, tie_word_embeddings: undefined }, { tiedHead: false }],
    [{ ...llama3, rms_norm_eps: undefined }, { normEps: 1e-6 }],
    [{ ...llama3, attention_dropout: 0.1 }, { dropRate: 0.1 }],
    [{ ...llama3, attention_dropout: undefined, hidden_act: undefined }, { dropRate: 0 }],
    [
      { ...llama3, attention_bias: true },
      { qkvBias: true, outputBias: true, feedForwardBias: false },
    ],
    [
      { ...llama3, mlp_bias: true },
      { qkvBias: false, outputBias: false, feedForwardBias: true },
    ],
    [
      { ...qwen2, attention_bias: false },
      { qkvBias: true, outputBias: false },
    ],
    [
      { ...qwen3, attention_bias: true },
      { qkvBias: true, outputBias: true, qkNorm: true },
    ],
    [
      { ...mistral, attention_bias: true },
      { qkvBias: false, outputBias: false },
    ],
    [{ ...llama3, partial_rotary_factor: 1, quantization_config: null }, {}],
    [{ ...qwen3, layer_types: ['full_attention', 'full_attention'] }, {}],
    // A window that is not used, or as long as everything the model sees.
    [{ ...qwen2, sliding_window: 4096 }, { contextLength: 32_768 }],
    [{ ...qwen2, sliding_window: undefined, use_sliding_window: undefined }, { contextLength: 32_768 }],
    [{ ...qwen3, sliding_window: 40_960, use_sliding_window: true }, { contextLength: 40_960 }],
    [{ ...mistral, sliding_window: 4096, max_position_embeddings: 4096 }, { contextLength: 4096 }],
    [{ ...qwen2, sliding_window: 4096, use_sliding_window: true }, { contextLength: 32_768 }], // from block 24 on
    // Rotary positions in older and newer spelling.
    [{ ...qwen3, rope_theta: undefined }, { ropeTheta: 10_000 }],
    [{ ...qwen3, rope_theta: undefined, rope_parameters: rope }, { ropeTheta: 20_000 }],
    [{ ...qwen3, rope_parameters: rope }, { ropeTheta: 20_000 }],
    [{ ...qwen3, rope_parameters: { rope_type: 'default' } }, { ropeTheta: 1_000_000 }],
    [{ ...qwen3, rope_scaling: { type: 'linear', factor: 4 } }, { ropeScaling: { kind: 'linear', factor: 4 } }],
    [
      { ...llama3, rope_scaling: undefined, rope_parameters: { ...llama3.rope_scaling, rope_theta: 5e5 } },
      { ropeScaling: llama.llama3.ropeScaling, ropeTheta: 500_000 },
    ],
    [
      { ...llama3, rope_scaling: { ...llama3.rope_scaling, type: 'llama3', rope_type: undefined } },
      { ropeScaling: llama.llama3.ropeScaling },
    ],
  ])('is read from %j', (json, expected) => {
    expect(configOf(json)).toMatchObject(expected);
  });

  it.each<[object, number | undefined]>([
    [{ ...mistral, sliding_window: 4096 }, 4096],
    [{ ...mistral, sliding_window: undefined }, 4096],
    [{ ...mistral, sliding_window: 4096, use_sliding_window: false }, 4096],
    [{ ...mistral, sliding_window: null }, undefined],
    [{ ...mistral, sliding_window: 32_768 }, undefined],
    [{ ...qwen2, sliding_window: 512, use_sliding_window: true, max_window_layers: 0 }, 512],
    [{ ...qwen2, sliding_window: 512, use_sliding_window: true, max_window_layers: null }, undefined],
    [{ ...qwen2, sliding_window: 512, use_sliding_window: false, max_window_layers: 0 }, undefined],
    [
      { ...qwen3, sliding_window: 512, use_sliding_window: true, layer_types: Array(28).fill('sliding_attention') },
      512,
    ],
    [{ ...qwen3, sliding_window: 512, use_sliding_window: true, layer_types: ['full_attention'] }, undefined],
    [{ ...llama3, sliding_window: null }, undefined],
  ])('has the window of %j', (json, slidingWindow) => {
    const config = configOf(json);
    expect(config.slidingWindow).toBe(slidingWindow);
    expect('slidingWindow' in config).toBe(slidingWindow !== undefined);
    // What is written is read again, with the same window.
    const written = huggingFaceForm('llama').writeConfig(config);
    expect(configOf(written).slidingWindow).toBe(slidingWindow);
  });

  it('is not written if no relative has both a window and its biases', () => {
    const config = configOf({ ...llama3, mlp_bias: true, attention_bias: true });
    expect(() => huggingFaceForm('llama').writeConfig({ ...config, slidingWindow: 9 } as LlamaConfig)).toThrow(
      /no relative of Llama there has both a sliding window and these biases/,
    );
  });

  it('without scaled positions has no field for the scaling', () => {
    expect('ropeScaling' in configOf(qwen3)).toBe(false);
    expect('ropeScaling' in configOf({ ...qwen3, rope_parameters: rope })).toBe(false);
  });

  const scaling = (changes: object) => ({ ...llama3, rope_scaling: { ...llama3.rope_scaling, ...changes } });
  it.each<[object, RegExp]>([
    [{ ...llama3, hidden_size: undefined }, /hidden_size is missing/],
    [{ ...llama3, intermediate_size: undefined }, /intermediate_size is missing/],
    [{ ...llama3, num_hidden_layers: '16' }, /num_hidden_layers .*number.* "16"/],
    [{ ...llama3, num_key_value_heads: 5 }, /nHeads 32 is not a multiple of nKvHeads 5/],
    [{ ...llama3, head_dim: 33 }, /headDim must be even/],
    [{ ...llama3, head_dim: null, num_attention_heads: 24 }, /headDim must be a whole number of at least 1, but is 85/],
    [{ ...llama3, hidden_act: 'gelu' }, /hidden_act is "gelu", but only "silu" is supported/],
    [{ ...llama3, partial_rotary_factor: 0.5 }, /partial_rotary_factor is 0\.5, but only 1 is supported/],
    [{ ...llama3, quantization_config: { bits: 4 } }, /quantization_config is set, but quantized weights cannot/],
    [{ ...llama3, num_local_experts: 8 }, /num_local_experts is set, but mixtures of experts are not supported/],
    [{ ...qwen3, num_experts: 128 }, /num_experts is set, but mixtures of experts are not supported/],
    [{ ...llama3, attn_logit_softcapping: 50 }, /attn_logit_softcapping is set, but soft-capping is not supported/],
    [{ ...llama3, final_logit_softcapping: 30 }, /final_logit_softcapping is set, but soft-capping is not supported/],
    [{ ...llama3, no_rope_layers: [1, 0] }, /no_rope_layers is set, but blocks without rotary positions are not/],
    [
      { ...qwen3, layer_types: ['full_attention', 'chunked_attention'] },
      /layer_types\.1 is "chunked_attention", but only/,
    ],
    [
      { ...qwen3, layer_types: ['full_attention', 'sliding_attention'] },
      /layer_types has "sliding_attention", but there is no sliding_window/,
    ],
    [
      { ...qwen3, layer_types: ['full_attention', 'sliding_attention'], sliding_window: 9, use_sliding_window: true },
      /sliding_window is 9, but not every block has it/,
    ],
    [{ ...qwen2, is_causal: false }, /is_causal is false, but only true is supported/],
    [{ ...llama3, sliding_window: 1024 }, /sliding_window is 1024, but models of this type have no window/],
    [{ ...mistral, sliding_window: 0 }, /slidingWindow must be a whole number of at least 1, but is 0/],
    [
      { ...qwen2, sliding_window: 4096, use_sliding_window: true, max_window_layers: 20 },
      /sliding_window is 4096, but not every block/,
    ],
    [
      { ...qwen3, sliding_window: undefined, use_sliding_window: true, max_window_layers: 1 },
      /sliding_window is 4096, but/,
    ],
    [scaling({ rope_type: 'yarn' }), /rope_scaling\.rope_type is "yarn", but only "default", "linear" and "llama3"/],
    [scaling({ rope_type: 'dynamic' }), /rope_scaling\.rope_type is "dynamic", but only/],
    [scaling({ rope_type: 'longrope' }), /rope_scaling\.rope_type is "longrope", but only/],
    [scaling({ rope_type: undefined, type: 'su' }), /rope_scaling\.rope_type is "su", but only/],
    [scaling({ low_freq_factor: undefined }), /rope_scaling\.low_freq_factor is missing/],
    [scaling({ low_freq_factor: 4 }), /lowFrequencyFactor must be less/],
    [scaling({ factor: -1 }), /ropeScaling\.factor must be a number greater than 0/],
    [scaling({ partial_rotary_factor: 0.5 }), /rope_scaling\.partial_rotary_factor is 0\.5/],
    [scaling({ attention_factor: 2 }), /rope_scaling\.attention_factor is not supported/],
    [{ ...qwen3, rope_scaling: { factor: 2 } }, /rope_scaling\.factor is not supported/],
    [{ ...qwen3, rope_scaling: 'linear' }, /rope_scaling must be an object, but is "linear"/],
    [{ ...qwen3, rope_parameters: { full_attention: rope } }, /rope_parameters\.full_attention is not supported/],
    [{ ...qwen3, rope_parameters: { rope_type: 'yarn' } }, /rope_parameters\.rope_type is "yarn"/],
  ])('is refused in one sentence: %j', (json, message) => {
    expect(() => read(json)).toThrow(TsgptError);
    expect(() => read(json)).toThrow(message);
    expect(() => read(json)).toThrow(/^[^\n]+$/);
  });
});
