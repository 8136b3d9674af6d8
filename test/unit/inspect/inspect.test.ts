import { beforeAll, describe, expect, it } from 'vitest';
import { attentionMaps, journey, logitLens, modelGraph } from '../../../src/inspect/index.ts';
import { GPT2, type GPT2Config } from '../../../src/models/index.ts';
import { observe } from '../../../src/nn/index.ts';
import { Random } from '../../../src/random/random.ts';
import { tensor } from '../../../src/tensor/index.ts';

const config: GPT2Config = {
  vocabSize: 11,
  contextLength: 8,
  embDim: 6,
  nHeads: 2,
  nLayers: 3,
  dropRate: 0.5,
  qkvBias: true,
  tiedHead: true,
};
const ids = [3, 1, 4, 1, 5];
const tokens = tensor([ids], { dtype: 'int32' });
const model = new GPT2(config, new Random(2));
/** Weights as large as after training: with the initial ones all attention weights are nearly equal. */
beforeAll(() => {
  for (const parameter of model.parameters()) parameter.value = parameter.value.map((value) => 4 * value + 0.01);
});

describe('the journey', () => {
  it('has the statistics of every tensor on the way', async () => {
    const stations = await journey(model, ids);
    const inside = observe(model, () => model.forward(tokens));
    expect(stations.map(({ name }) => name)).toEqual(['tokens', ...inside.keys(), 'logits']);
    for (const { name, shape, mean, deviation, smallest, largest } of stations) {
      const computed = name === 'tokens' ? tokens : name === 'logits' ? model.forward(tokens) : inside.get(name)!;
      const values = [...(await computed.data())];
      const average = values.reduce((a, b) => a + b, 0) / values.length;
      const variance = values.reduce((a, b) => a + (b - average) ** 2, 0) / values.length;
      expect(shape, name).toEqual(computed.shape);
      expect(mean, name).toBeCloseTo(average, 4);
      expect(deviation, name).toBeCloseTo(Math.sqrt(variance), 4);
      expect([smallest, largest], name).toEqual([Math.min(...values), Math.max(...values)]);
    }
  });

  it('refuses what the model cannot read', async () => {
    await expect(journey(model, [])).rejects.toThrow('the prompt has no tokens');
    await expect(journey(model, new Array(9).fill(0))).rejects.toThrow('has 9 tokens, but the model sees at most 8');
    await expect(journey(model, [11])).rejects.toThrow('11');
  });
});

describe('attention maps', () => {
  it('are the softmax of scaled dot products of queries and keys, for every head', async () => {
    const maps = await attentionMaps(model, ids);
    expect(maps.map(({ name }) => name)).toEqual([0, 1, 2].map((block) => `blocks.${block}.attention`));
    const inside = observe(model, () => model.features(tokens));
    const queries = await inside.get('blocks.1.attention.query')!.array<number[][][]>();
    const keys = await inside.get('blocks.1.attention.key')!.array<number[][][]>();
    const headDim = 3;
    maps[1]!.heads.forEach((rows, head) => {
      const part = (vector: number[]) => vector.slice(head * headDim, (head + 1) * headDim);
      rows.forEach((row, i) => {
        const scores = ids.slice(0, i + 1).map((_, j) => {
          const key = part(keys[0]![j]!);
          return part(queries[0]![i]!).reduce((sum, q, d) => sum + q * key[d]!, 0) / Math.sqrt(headDim);
        });
        const total = scores.reduce((sum, score) => sum + Math.exp(score), 0);
        for (const [j, weight] of row.entries()) {
          expect(weight).toBeCloseTo(j <= i ? Math.exp(scores[j]!) / total : 0, 5);
        }
      });
    });
  });
});

describe('the logit lens', () => {
  it('ends with what the model predicts', async () => {
    const lens = await logitLens(model, ids, 4);
    expect(lens.map(({ name }) => name)).toEqual(['embeddings', 'blocks.0', 'blocks.1', 'blocks.2']);
    const last = model.forward(tokens).slice(null, [4, 5]).softmax(-1);
    const probabilities = [...(await last.data())];
    const ranked = [...probabilities.keys()].sort((a, b) => probabilities[b]! - probabilities[a]!);
    expect(lens.at(-1)!.predictions.map(({ id }) => id)).toEqual(ranked.slice(0, 4));
    for (const { id, probability } of lens.at(-1)!.predictions) expect(probability).toBeCloseTo(probabilities[id]!, 6);
    expect(lens[0]!.predictions).not.toEqual(lens.at(-1)!.predictions);
  });

  it('wants a possible number of predictions', async () => {
    for (const count of [0, 12, 1.5]) await expect(logitLens(model, ids, count)).rejects.toThrow('from 1 to 11');
  });
});

describe('the graph of a model', () => {
  it('leads from each point to the nearest ones it is computed from', () => {
    const inside = observe(model, () => model.forward(tokens));
    const shown = [...inside].filter(([name]) => !/^blocks\.\d+\.\w+\.\w+$|^blocks\.[12]\./.test(name));
    const graph = modelGraph(new Map([['tokens', tokens], ...shown]));
    expect(Object.fromEntries(graph.map(({ name, from }) => [name, from]))).toEqual({
      tokens: [],
      tokenEmbedding: ['tokens'],
      positions: [],
      embeddings: ['tokenEmbedding', 'positions'],
      'blocks.0.attentionNorm': ['embeddings'],
      'blocks.0.attention': ['blocks.0.attentionNorm'],
      'blocks.0.attended': ['embeddings', 'blocks.0.attention'],
      'blocks.0.feedForwardNorm': ['blocks.0.attended'],
      'blocks.0.feedForward': ['blocks.0.feedForwardNorm'],
      'blocks.0': ['blocks.0.attended', 'blocks.0.feedForward'],
      'blocks.1': ['blocks.0'],
      'blocks.2': ['blocks.1'],
      finalNorm: ['blocks.2'],
    });
    expect(graph.find(({ name }) => name === 'blocks.0')!.operation).toBe('add');
  });
});
