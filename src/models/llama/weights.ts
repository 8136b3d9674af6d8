import { PublishedWeights, type WeightSource } from '../published-weights.ts';
import type { Llama } from './llama.ts';

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
  tokenEmbedding: 'embed_tokens',
  finalNorm: 'norm',
  head: 'lm_head',
};

/** The angles of the rotary positions, which old files have: they follow from the configuration. */
const buffer = /^(layers\.\d+\.self_attn\.)?rotary_emb\.inv_freq$/;

/** The name at Hugging Face, without the prefix `model.`, of the parameter at `path`. */
export function publishedLlamaName(path: string): string {
  const [, block, part, kind] = /^(?:blocks\.(\d+)\.)?(.+)\.(weight|bias)$/.exec(path)!;
  return block ? `layers.${block}.${blockParts[part!]}.${kind}` : `${otherParts[part!]}.${kind}`;
}

/**
 * Fills the model with weights under the names that Llama, Mistral, Qwen2 and Qwen3 have at Hugging Face, with or without the
 * prefix `model.`. Throws if a tensor is missing, does not fit the configuration, or has no place in it.
 */
export async function loadLlamaWeights(model: Llama, source: WeightSource): Promise<void> {
  const weights = new PublishedWeights(source, 'model.');
  const parameters = model.namedParameters();
  const [embedding, head] = ['tokenEmbedding.weight', 'head.weight'].map(publishedLlamaName) as [string, string];
  const { tiedHead } = model.config;
  const expected = new Set([...parameters.keys()].map(publishedLlamaName));
  if (tiedHead) expected.add(head);
  weights.checkNoOthers((name) => expected.has(name) || buffer.test(name));
  for (const [path, parameter] of parameters) {
    const name = publishedLlamaName(path);
    if (tiedHead && name === embedding) await weights.fillTied(parameter, path, embedding, head);
    else await weights.fill(parameter, path, name);
  }
}
