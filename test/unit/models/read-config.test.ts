import { describe, expect, it } from 'vitest';
import { TsgptError } from '../../../src/core/errors.ts';
import { readHuggingFaceConfig } from '../../../src/disk/pretrained.ts';
import { createModel } from '../../../src/models/index.ts';

/** The config.json of openai-community/gpt2, without the fields that are not used here. */
const gpt2 = {
  activation_function: 'gelu_new',
  architectures: ['GPT2LMHeadModel'],
  attn_pdrop: 0.1,
  bos_token_id: 50256,
  embd_pdrop: 0.1,
  eos_token_id: 50256,
  initializer_range: 0.02,
  layer_norm_epsilon: 1e-5,
  model_type: 'gpt2',
  n_ctx: 1024,
  n_embd: 768,
  n_head: 12,
  n_layer: 12,
  n_positions: 1024,
  resid_pdrop: 0.1,
  vocab_size: 50257,
};

describe('readHuggingFaceConfig', () => {
  it('reads the published GPT-2', () => {
    const read = readHuggingFaceConfig(gpt2);
    expect(read).toEqual({
      modelType: 'gpt2',
      family: 'gpt2',
      config: {
        vocabSize: 50257,
        contextLength: 1024,
        embDim: 768,
        nHeads: 12,
        nLayers: 12,
        dropRate: 0.1,
        qkvBias: true,
        tiedHead: true,
      },
    });
    // The published size, with biases for query, key and value.
    expect(createModel(read.family, read.config).parameterCount).toBe(124_439_808);
  });

  it.each([
    [{ n_positions: undefined, n_ctx: 512 }, { contextLength: 512 }],
    [{ n_positions: 256, n_ctx: 512 }, { contextLength: 256 }],
    [{ tie_word_embeddings: false }, { tiedHead: false }],
    [{ resid_pdrop: 0, embd_pdrop: 0, attn_pdrop: 0 }, { dropRate: 0 }],
    [{ resid_pdrop: 0, embd_pdrop: 0.2, attn_pdrop: 0.1 }, { dropRate: 0.2 }],
    [{ resid_pdrop: undefined, embd_pdrop: undefined, attn_pdrop: undefined }, { dropRate: 0.1 }],
    [{ activation_function: undefined, layer_norm_epsilon: undefined }, {}],
    [{ scale_attn_weights: true, add_cross_attention: false, n_inner: null }, {}],
    [{ n_inner: 3072 }, { embDim: 768 }],
  ])('reads %j', (changes, expected) => {
    expect(readHuggingFaceConfig(JSON.parse(JSON.stringify({ ...gpt2, ...changes }))).config).toMatchObject(expected);
  });

  it.each([
    [{ vocab_size: undefined }, /vocab_size is missing/],
    [{ n_embd: undefined }, /n_embd is missing/],
    [{ n_positions: undefined, n_ctx: undefined }, /n_positions is missing/],
    [{ n_layer: '12' }, /n_layer .*number.* "12"/],
    [{ n_head: 5 }, /embDim 768 does not divide evenly among 5 heads/],
    [{ n_layer: 0 }, /nLayers must be a whole number of at least 1/],
    [{ resid_pdrop: 1 }, /dropRate must be/],
    [{ activation_function: 'relu' }, /activation_function is "relu", but only "gelu_new" is supported/],
    [{ activation_function: 'gelu' }, /activation_function is "gelu", but only "gelu_new" is supported/],
    [{ layer_norm_epsilon: 1e-6 }, /layer_norm_epsilon is 0\.000001, but only 0\.00001 is supported/],
    [{ scale_attn_weights: false }, /scale_attn_weights is false, but only true is supported/],
    [{ scale_attn_by_inverse_layer_idx: true }, /scale_attn_by_inverse_layer_idx is true, but only false is/],
    [{ reorder_and_upcast_attn: true }, /reorder_and_upcast_attn is true, but only false is supported/],
    [{ add_cross_attention: true }, /add_cross_attention is true, but only false is supported/],
    [{ n_inner: 1024 }, /n_inner is 1024, but only 4 n_embd, 3072, is supported/],
    [{ model_type: undefined }, /model_type is missing/],
    [{ model_type: 'bert' }, /models of the type bert cannot be loaded; supported are: gpt2/],
    [{ model_type: 'constructor' }, /models of the type constructor cannot be loaded/],
    [{ model_type: 'a\nb' }, /models of the type a\\u\{a\}b cannot be loaded/],
  ])('refuses %j in one sentence', (changes, message) => {
    const json = JSON.parse(JSON.stringify({ ...gpt2, ...changes }));
    expect(() => readHuggingFaceConfig(json)).toThrow(TsgptError);
    expect(() => readHuggingFaceConfig(json)).toThrow(message);
    expect(() => readHuggingFaceConfig(json)).toThrow(/^[^\n]+$/);
  });

  it.each([[null], [undefined], ['gpt2'], [[]], [12]])('refuses %j', (json) => {
    expect(() => readHuggingFaceConfig(json)).toThrow(TsgptError);
  });
});
