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

/** The sum of a number over all layers, repeats included. */
export function totalOf(groups: readonly LayerGroup[], field: 'parameters' | 'flopsPerToken'): number {
  return groups.reduce(
    (total, { repeat, layers }) => total + repeat * layers.reduce((sum, layer) => sum + layer[field], 0),
    0,
  );
}

/** A layer with parameters of these shapes that gives every token `width` numbers. */
function layer(name: string, width: number, shapes: readonly (readonly number[])[], flopsPerToken = 0): LayerSummary {
  return {
    name,
    output: `[batch, time, ${width}]`,
    parameterShapes: shapes.map((shape) => `[${shape.join(', ')}]`),
    parameters: shapes.reduce((total, shape) => total + shape.reduce((product, length) => product * length), 0),
    flopsPerToken,
  };
}

/** A linear layer from `from` to `to` numbers. */
export function linearLayer(name: string, from: number, to: number, bias: boolean): LayerSummary {
  return layer(name, to, bias ? [[to, from], [to]] : [[to, from]], 2 * from * to); // biome-ignore format: two cases
}

/** A normalisation of rows of `width` numbers, with a weight and perhaps a bias. */
export function normLayer(name: string, width: number, bias: boolean): LayerSummary {
  return layer(name, width, bias ? [[width], [width]] : [[width]]); // biome-ignore format: two cases
}

/** A table with a row of `width` numbers for each of `count` things. */
export function tableLayer(name: string, count: number, width: number): LayerSummary {
  return layer(name, width, [[count, width]]);
}

/** What computes without parameters. */
export function plainLayer(name: string, width: number): LayerSummary {
  return layer(name, width, []);
}

/** The two products of attention: every token's query meets the keys of the whole context, and mixes their values. */
export function attentionLayers(nHeads: number, headDim: number, contextLength: number): LayerSummary[] {
  const flops = 2 * contextLength * nHeads * headDim;
  return [
    { ...layer('attention scores', 0, [], flops), output: `[batch, ${nHeads}, time, time]` },
    layer('attention mix', nHeads * headDim, [], flops),
  ];
}

/** The matrix that scores every token of the vocabulary, with parameters of its own or those of the token embedding. */
export function headLayer(embDim: number, vocabSize: number, isTied: boolean): LayerSummary {
  const head = linearLayer('head', embDim, vocabSize, false);
  return isTied ? { ...head, name: 'head (= tokenEmbedding)', parameterShapes: [], parameters: 0 } : head;
}
