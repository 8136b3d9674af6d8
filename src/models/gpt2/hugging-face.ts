import * as v from 'valibot';
import { fixed, parseConfig } from '../config-schema.ts';
import type { PretrainedFamily } from '../families.ts';
import { checkBlocks, checkGPT2Config, GPT2, type GPT2Config, loadGPT2Weights } from '../index.ts';
import { PublishedWeights } from '../published-weights.ts';
import { publishedPlace } from './weights.ts';

/** GPT-2 as OpenAI published it: its own names for the fields, its defaults for what is left out. */
export const gpt2Family: PretrainedFamily<GPT2Config> = {
  architecture: 'gpt2',
  readConfig(json) {
    const published = parseConfig(configSchema, json);
    const config: GPT2Config = {
      vocabSize: published.vocab_size,
      contextLength: published.n_positions,
      embDim: published.n_embd,
      nHeads: published.n_head,
      nLayers: published.n_layer,
      // One rate serves all three places here.
      dropRate: Math.max(published.resid_pdrop, published.embd_pdrop, published.attn_pdrop),
      qkvBias: true,
      tiedHead: published.tie_word_embeddings,
    };
    checkGPT2Config(config);
    return config;
  },
  async load(config, weights) {
    checkBlocks('gpt2', config, new PublishedWeights(weights, 'transformer.'), (path) => publishedPlace(path).name);
    const model = new GPT2(config);
    await loadGPT2Weights(model, weights);
    return model;
  },
};

const dropoutSchema = v.optional(v.number(), 0.1);

const configSchema = v.pipe(
  // The oldest files call n_positions only by its other name.
  v.looseObject({ n_positions: v.optional(v.number()), n_ctx: v.optional(v.number()) }),
  v.transform((json) => ({ ...json, n_positions: json.n_positions ?? json.n_ctx })),
  v.object({
    vocab_size: v.number(),
    n_positions: v.number(),
    n_embd: v.number(),
    n_layer: v.number(),
    n_head: v.number(),
    resid_pdrop: dropoutSchema,
    embd_pdrop: dropoutSchema,
    attn_pdrop: dropoutSchema,
    tie_word_embeddings: v.optional(v.boolean(), true),
    // What would change the computation.
    activation_function: fixed('gelu_new'),
    layer_norm_epsilon: fixed(1e-5),
    scale_attn_weights: fixed(true),
    scale_attn_by_inverse_layer_idx: fixed(false),
    reorder_and_upcast_attn: fixed(false),
    add_cross_attention: fixed(false),
    is_causal: fixed(true),
    n_inner: v.nullish(v.number()),
  }),
  v.rawCheck(({ dataset, addIssue }) => {
    if (!dataset.typed) return;
    const { n_inner, n_embd } = dataset.value;
    if (n_inner == null || n_inner === 4 * n_embd) return;
    addIssue({ message: `n_inner is ${n_inner}, but only 4 n_embd, ${4 * n_embd}, is supported` });
  }),
);
