import {
  attentionLayers,
  headLayer,
  type LayerGroup,
  linearLayer,
  normLayer,
  plainLayer,
  tableLayer,
} from '../layer-summary.ts';
import type { LlamaConfig } from './config.ts';

/** Every layer of a model of the Llama family, in order, without building the model. */
export function summarizeLlama(config: LlamaConfig): LayerGroup[] {
  const { vocabSize, contextLength, embDim, nHeads, nKvHeads, headDim, nLayers, hiddenDim, tiedHead } = config;
  const { qkvBias, outputBias, feedForwardBias, qkNorm } = config;
  const [queryDim, keyDim] = [nHeads * headDim, nKvHeads * headDim];
  const heads = (count: number) => ({ output: `[batch, time, ${count}, ${headDim}]` });
  // The norms of queries and keys work on each head by itself, all with the same weight.
  const headNorm = (name: string, count: number) => ({ ...normLayer(name, headDim, false), ...heads(count) });
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
        ...(qkNorm ? [headNorm('attention.queryNorm', nHeads), headNorm('attention.keyNorm', nKvHeads)] : []),
        { ...plainLayer('attention.rotatedQuery', queryDim), ...heads(nHeads) },
        { ...plainLayer('attention.rotatedKey', keyDim), ...heads(nKvHeads) },
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
