import * as v from 'valibot';
import { fixed, parseConfig } from '../config-schema.ts';
import type { HuggingFaceForm } from '../family.ts';
import { publishedPart, splitPath } from '../parameter-path.ts';
import type { TensorLayout } from '../tensor-layout.ts';
import { type GPT2Config, gpt2Config } from './config.ts';
import { queryKeyValue } from './fused-attention.ts';

const layerNormEpsilon = 1e-5;

/** GPT-2 as OpenAI published it, with its names and defaults of fields. */
export const gpt2HuggingFace: HuggingFaceForm<GPT2Config> = {
  modelTypes: ['gpt2'],
  readConfig(json) {
    const published = parseConfig(configSchema, json);
    const config: GPT2Config = {
      vocabSize: published.vocab_size,
      contextLength: published.n_positions,
      embDim: published.n_embd,
      nHeads: published.n_head,
      nLayers: published.n_layer,
      // Our models use one dropout rate in all three places.
      dropRate: Math.max(published.resid_pdrop, published.embd_pdrop, published.attn_pdrop),
      qkvBias: true,
      tiedHead: published.tie_word_embeddings,
    };
    gpt2Config.check(config);
    return config;
  },
  writeConfig: ({ vocabSize, contextLength, embDim, nHeads, nLayers, dropRate, tiedHead }) => ({
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
    layer_norm_epsilon: layerNormEpsilon,
    resid_pdrop: dropRate,
    embd_pdrop: dropRate,
    attn_pdrop: dropRate,
    tie_word_embeddings: tiedHead,
    torch_dtype: 'float32',
  }),
  layout,
  untied: (config) => (config.tiedHead ? { ...config, tiedHead: false } : undefined),
};

const blockParts: Record<string, string> = {
  attentionNorm: 'ln_1',
  'attention.output': 'attn.c_proj',
  feedForwardNorm: 'ln_2',
  'feedForward.expand': 'mlp.c_fc',
  'feedForward.contract': 'mlp.c_proj',
};
const otherParts: Record<string, string> = {
  tokenEmbedding: 'transformer.wte',
  positionEmbedding: 'transformer.wpe',
  finalNorm: 'transformer.ln_f',
  head: 'lm_head',
};

/** OpenAI stores matrices as `[in, out]`; our models as `[out, in]`. */
function layout({ qkvBias, nLayers }: GPT2Config): TensorLayout {
  return {
    prefix: 'transformer.',
    // Causal masks, which our models compute.
    ignored: /^h\.\d+\.attn\.(masked_)?bias$/,
    tied: { path: 'tokenEmbedding.weight', other: 'head.weight' },
    placeOf(path) {
      const { block, part, kind } = splitPath(path);
      if (!block) return { name: `${publishedPart(otherParts, part)}.${kind}` };
      const transposed = kind === 'weight' && !part.endsWith('Norm');
      const fused = queryKeyValue(path);
      const published = `transformer.h.${block}.${fused ? 'attn.c_attn' : publishedPart(blockParts, part)}`;
      const zeroBias = fused && kind === 'weight' ? `${published}.bias` : undefined;
      return { name: `${published}.${kind}`, transposed, fused, zeroBias };
    },
    mismatch(weights) {
      if (!qkvBias && weights.has('h.0.attn.c_attn.bias')) {
        return 'the weights have biases for query, key and value; build the model with qkvBias: true';
      }
      if (!weights.has(`h.${nLayers}.ln_1.weight`)) return undefined;
      return `the weights have more than ${nLayers} blocks; increase nLayers`;
    },
  };
}

const dropoutSchema = v.nullish(v.number(), 0.1);

const configSchema = v.pipe(
  // The oldest files have only n_ctx, another name of n_positions.
  v.looseObject({ n_positions: v.nullish(v.number()), n_ctx: v.nullish(v.number()) }),
  v.transform((json) => ({ ...json, n_positions: json.n_positions ?? json.n_ctx ?? undefined })),
  v.object({
    vocab_size: v.number(),
    n_positions: v.number(),
    n_embd: v.number(),
    n_layer: v.number(),
    n_head: v.number(),
    resid_pdrop: dropoutSchema,
    embd_pdrop: dropoutSchema,
    attn_pdrop: dropoutSchema,
    tie_word_embeddings: v.nullish(v.boolean(), true),
    // Other values of these fields would change the computation.
    activation_function: fixed('gelu_new'),
    layer_norm_epsilon: fixed(layerNormEpsilon),
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
