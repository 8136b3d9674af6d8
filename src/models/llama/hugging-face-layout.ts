import { publishedPart, splitPath } from '../parameter-path.ts';
import type { TensorLayout } from '../tensor-layout.ts';

/** Our names of parts → the names in Hugging Face's Llama, Mistral and Qwen. */
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

export const huggingFaceLayout: TensorLayout = {
  prefix: 'model.',
  // Old files contain the rotary frequencies, which follow from the configuration.
  ignored: /^(layers\.\d+\.self_attn\.)?rotary_emb\.inv_freq$/,
  tied: { path: 'tokenEmbedding.weight', other: 'head.weight' },
  placeOf(path) {
    const { block, part, kind } = splitPath(path);
    const name = block ? `model.layers.${block}.${publishedPart(blockParts, part)}` : publishedPart(otherParts, part);
    return { name: `${name}.${kind}` };
  },
};
