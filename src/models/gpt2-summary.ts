import type { GPT2Config } from './gpt2-config.ts';

/** One layer as a table shows it. */
export interface LayerSummary {
  name: string;
  /** What comes out of it, with the dimensions by name. */
  output: string;
  /** The shapes of its parameters. */
  parameterShapes: string[];
  parameters: number;
  /** Multiplications and additions of its matrix products for one token at full context; the rest is small beside them. */
  flopsPerToken: number;
}

/** A stretch of layers that occurs `repeat` times. */
export interface LayerGroup {
  title: string;
  repeat: number;
  layers: LayerSummary[];
}

/** Every layer of a GPT-2, in order, without building the model. */
export function summarizeGPT2(config: GPT2Config): LayerGroup[] {
  const { vocabSize, contextLength, embDim, nHeads, nLayers, qkvBias, tiedHead } = config;
  const stream = `[batch, time, ${embDim}]`;
  const linear = (name: string, from: number, to: number, bias: boolean): LayerSummary => ({
    name,
    output: `[batch, time, ${to}]`,
    parameterShapes: [`[${to}, ${from}]`, ...(bias ? [`[${to}]`] : [])],
    parameters: from * to + (bias ? to : 0),
    flopsPerToken: 2 * from * to,
  });
  const plain = (name: string, output: string, flopsPerToken = 0): LayerSummary => ({
    name,
    output,
    parameterShapes: [],
    parameters: 0,
    flopsPerToken,
  });
  const norm = (name: string): LayerSummary => ({
    ...plain(name, stream),
    parameterShapes: [`[${embDim}]`, `[${embDim}]`],
    parameters: 2 * embDim,
  });
  const table = (name: string, count: number): LayerSummary => ({
    ...plain(name, stream),
    parameterShapes: [`[${count}, ${embDim}]`],
    parameters: count * embDim,
  });
  const head = linear('head', embDim, vocabSize, false);
  // Every token's query meets contextLength keys, and their values are mixed: 2 · contextLength · embDim each.
  const mixing = 2 * contextLength * embDim;
  return [
    {
      title: 'embeddings',
      repeat: 1,
      layers: [table('tokenEmbedding', vocabSize), table('positionEmbedding', contextLength)],
    },
    {
      title: 'transformer block',
      repeat: nLayers,
      layers: [
        norm('attentionNorm'),
        ...['query', 'key', 'value'].map((name) => linear(`attention.${name}`, embDim, embDim, qkvBias)),
        plain('attention scores', `[batch, ${nHeads}, time, time]`, mixing),
        plain('attention mix', stream, mixing),
        linear('attention.output', embDim, embDim, true),
        norm('feedForwardNorm'),
        linear('feedForward.expand', embDim, 4 * embDim, true),
        plain('feedForward.activation', `[batch, time, ${4 * embDim}]`),
        linear('feedForward.contract', 4 * embDim, embDim, true),
      ],
    },
    {
      title: 'output',
      repeat: 1,
      layers: [
        norm('finalNorm'),
        tiedHead ? { ...head, name: 'head (= tokenEmbedding)', parameterShapes: [], parameters: 0 } : head,
      ],
    },
  ];
}

/** The sum of a number over all layers, repeats included. */
export function totalOf(groups: readonly LayerGroup[], field: 'parameters' | 'flopsPerToken'): number {
  return groups.reduce(
    (total, { repeat, layers }) => total + repeat * layers.reduce((sum, layer) => sum + layer[field], 0),
    0,
  );
}
