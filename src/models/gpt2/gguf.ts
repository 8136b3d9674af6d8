import { float32, uint32 } from '../../formats/gguf/index.ts';
import type { GgufForm } from '../family.ts';
import { publishedPart, splitPath } from '../parameter-path.ts';
import type { TensorLayout } from '../tensor-layout.ts';
import { type GPT2Config, gpt2Config } from './config.ts';
import { queryKeyValue } from './fused-attention.ts';

/** Our names of parts → llama.cpp's names. */
const parts: Record<string, string> = {
  tokenEmbedding: 'token_embd',
  positionEmbedding: 'position_embd',
  finalNorm: 'output_norm',
  head: 'output',
  attentionNorm: 'attn_norm',
  'attention.query': 'attn_qkv',
  'attention.key': 'attn_qkv',
  'attention.value': 'attn_qkv',
  'attention.output': 'attn_output',
  feedForwardNorm: 'ffn_norm',
  'feedForward.expand': 'ffn_up',
  'feedForward.contract': 'ffn_down',
};
const layerNormEpsilon = 1e-5;

export const gpt2Gguf: GgufForm<GPT2Config> = {
  architectures: ['gpt2'],
  async readConfig(hyperparameters, reader) {
    const embDim = hyperparameters.number('embedding_length');
    const nHeads = hyperparameters.number('attention.head_count');
    hyperparameters.fixed('attention.layer_norm_epsilon', layerNormEpsilon);
    hyperparameters.fixed('feed_forward_length', 4 * embDim);
    hyperparameters.fixed('attention.head_count_kv', nHeads);
    hyperparameters.fixed('attention.causal', true);
    const config: GPT2Config = {
      vocabSize: hyperparameters.vocabSize,
      contextLength: hyperparameters.number('context_length'),
      embDim,
      nHeads,
      nLayers: hyperparameters.number('block_count'),
      dropRate: 0,
      qkvBias: reader.has('blk.0.attn_qkv.bias'),
      tiedHead: !reader.has('output.weight'),
    };
    gpt2Config.check(config);
    return config;
  },
  writeConfig: ({ vocabSize, contextLength, embDim, nHeads, nLayers }) => ({
    architecture: 'gpt2',
    hyperparameters: {
      vocab_size: uint32(vocabSize),
      context_length: uint32(contextLength),
      embedding_length: uint32(embDim),
      feed_forward_length: uint32(4 * embDim),
      block_count: uint32(nLayers),
      'attention.head_count': uint32(nHeads),
      'attention.layer_norm_epsilon': float32(layerNormEpsilon),
    },
  }),
  layout: () => layout,
};

/** Matrices are `[out, in]`, as in our models. */
const layout: TensorLayout = {
  placeOf(path) {
    const { block, part, kind } = splitPath(path);
    const published = `${block ? `blk.${block}.` : ''}${publishedPart(parts, part)}`;
    const fused = queryKeyValue(path);
    const zeroBias = fused && kind === 'weight' ? `${published}.bias` : undefined;
    return { name: `${published}.${kind}`, fused, zeroBias };
  },
};
