import {
  attentionLayers,
  headLayer,
  type LayerGroup,
  linearLayer,
  normLayer,
  plainLayer,
  tableLayer,
} from '../layer-summary.ts';
import type { GPT2Config } from './config.ts';

/** Every layer of a GPT-2, in order, without building the model. */
export function summarizeGPT2(config: GPT2Config): LayerGroup[] {
  const { vocabSize, contextLength, embDim, nHeads, nLayers, qkvBias, tiedHead } = config;
  const norm = (name: string) => normLayer(name, embDim, true);
  return [
    {
      title: 'embeddings',
      repeat: 1,
      layers: [tableLayer('tokenEmbedding', vocabSize, embDim), tableLayer('positionEmbedding', contextLength, embDim)],
    },
    {
      title: 'transformer block',
      repeat: nLayers,
      layers: [
        norm('attentionNorm'),
        ...['query', 'key', 'value'].map((name) => linearLayer(`attention.${name}`, embDim, embDim, qkvBias)),
        ...attentionLayers(nHeads, embDim / nHeads, contextLength),
        linearLayer('attention.output', embDim, embDim, true),
        norm('feedForwardNorm'),
        linearLayer('feedForward.expand', embDim, 4 * embDim, true),
        plainLayer('feedForward.activation', 4 * embDim),
        linearLayer('feedForward.contract', 4 * embDim, embDim, true),
      ],
    },
    { title: 'output', repeat: 1, layers: [norm('finalNorm'), headLayer(embDim, vocabSize, tiedHead)] },
  ];
}
