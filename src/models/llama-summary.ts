import {
  attentionLayers,
  headLayer,
  type LayerGroup,
  linearLayer,
  normLayer,
  plainLayer,
  tableLayer,
} from './layer-summary.ts';
import type { LlamaConfig } from './llama-config.ts';

/** Every layer of a model of the Llama family, in order, without building the model. */
export function summarizeLlama(config: LlamaConfig): LayerGroup[] {
  const { vocabSize, contextLength, embDim, nHeads, nKvHeads, headDim, nLayers, hiddenDim, tiedHead } = config;
  const { qkvBias, outputBias, feedForwardBias, qkNorm } = config;
  const [queryDim, keyDim] = [nHeads * headDim, nKvHeads * headDim];
  // The norms of queries and keys work on each head by itself, all with the same weight.
  const headNorm = (name: string, width: number) => ({
    ...normLayer(name, headDim, false),
    output: `[batch, time, ${width / headDim}, ${headDim}]`,
  });
  return [
    { title: 'embeddings', repeat: 1, layers: [tableLayer('tokenEmbedding', vocabSize, embDim)] },
    {
      title: 'transformer block',
      repeat: nLayers,
      layers: [
        normLayer('attentionNorm', embDim, false),
        linearLayer('attention.query', embDim, queryDim, qkvBias),
        linearLayer('attention.key', embDim, keyDim, qkvBias),
        linearLayer('attention.value', embDim, keyDim, qkvBias),
        ...(qkNorm ? [headNorm('attention.queryNorm', queryDim), headNorm('attention.keyNorm', keyDim)] : []),
        plainLayer('attention.rotatedQuery', queryDim),
        plainLayer('attention.rotatedKey', keyDim),
        ...attentionLayers(nHeads, headDim, contextLength),
        linearLayer('attention.output', queryDim, embDim, outputBias),
        normLayer('feedForwardNorm', embDim, false),
        linearLayer('feedForward.gate', embDim, hiddenDim, feedForwardBias),
        linearLayer('feedForward.up', embDim, hiddenDim, feedForwardBias),
        plainLayer('feedForward.gated', hiddenDim),
        linearLayer('feedForward.down', hiddenDim, embDim, feedForwardBias),
      ],
    },
    {
      title: 'output',
      repeat: 1,
      layers: [normLayer('finalNorm', embDim, false), headLayer(embDim, vocabSize, tiedHead)],
    },
  ];
}
