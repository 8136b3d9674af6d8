import { type HuggingFaceForm, splitPath } from '../../../src/models/index.ts';
import { type ToyConfig, toyConfig } from './config.ts';

/**
 * As it might be published, with every peculiarity that real ones have: queries, keys and values in one tensor (their rows one below the
 * other), other matrices as [in, out], a prefix, and a buffer that nobody needs.
 */
export const toyHuggingFace: HuggingFaceForm<ToyConfig> = {
  modelTypes: ['toy_relu'],
  readConfig(json) {
    const {
      model_type: _,
      architectures: __,
      vocab_size: vocabSize,
      max_length: contextLength,
      ...rest
    } = json as Record<string, number>;
    const { width: embDim, heads: nHeads, layers: nLayers, inner: hiddenDim, dropout: dropRate } = rest;
    return toyConfig.parse({ vocabSize, contextLength, embDim, nHeads, nLayers, hiddenDim, dropRate });
  },
  writeConfig: ({ vocabSize, contextLength, embDim, nHeads, nLayers, hiddenDim, dropRate }) => ({
    architectures: ['ToyReluForCausalLM'],
    model_type: 'toy_relu',
    vocab_size: vocabSize,
    max_length: contextLength,
    width: embDim,
    heads: nHeads,
    layers: nLayers,
    inner: hiddenDim,
    dropout: dropRate,
  }),
  layout: () => ({
    prefix: 'toy.',
    ignored: /^angles$/,
    placeOf(path) {
      const { block, part, kind } = splitPath(path);
      if (!block) return { name: `toy.${part}.${kind}` };
      const isFused = /^attention\.(query|key|value)$/.test(part);
      return {
        name: `toy.${block}.${isFused ? 'attention.qkv' : part}.${kind}`,
        transposed: !isFused && kind === 'weight' && !part.endsWith('Norm'),
        fused: isFused
          ? ['query', 'key', 'value'].map((name) => `blocks.${block}.attention.${name}.${kind}`)
          : undefined,
      };
    },
  }),
};
