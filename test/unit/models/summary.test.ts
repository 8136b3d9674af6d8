import { describe, expect, it } from 'vitest';
import {
  GPT2,
  gpt2,
  type LayerGroup,
  Llama,
  llama,
  summarize,
  summarizeModel,
  totalOf,
} from '../../../src/models/index.ts';
import { LayerNorm, Linear, Parameter, RMSNorm, zerosInit } from '../../../src/nn/index.ts';

const shown = (groups: readonly LayerGroup[]) =>
  groups.flatMap(({ title, repeat, layers }) => [
    `${title} x ${repeat}`,
    ...layers.map(({ kind, name, output, parameterShapes }) => [kind, name, output, ...parameterShapes].join(' ')),
  ]);

describe('the summary of a model', () => {
  it('shows GPT-2 small as its graph has it', () => {
    expect(shown(summarize(new GPT2(gpt2.small)))).toEqual([
      'embeddings x 1',
      'layer tokenEmbedding [batch, time, 768] [50257, 768]',
      'layer positionEmbedding [1, time, 768] [1024, 768]',
      'step embeddings [batch, time, 768]',
      'transformer block x 12',
      'layer attentionNorm [batch, time, 768] [768] [768]',
      'layer attention.query [batch, time, 768] [768, 768]',
      'layer attention.key [batch, time, 768] [768, 768]',
      'layer attention.value [batch, time, 768] [768, 768]',
      'product attention.scores [batch, 12, time, time]',
      'step attention.weights [batch, 12, time, time]',
      'product attention.weights × value [batch, 12, time, 64]',
      'layer attention.output [batch, time, 768] [768, 768] [768]',
      'step attended [batch, time, 768]',
      'layer feedForwardNorm [batch, time, 768] [768] [768]',
      'layer feedForward.expand [batch, time, 3072] [3072, 768] [3072]',
      'layer feedForward.activation [batch, time, 3072]',
      'layer feedForward.contract [batch, time, 768] [768, 3072] [768]',
      'output x 1',
      'layer finalNorm [batch, time, 768] [768] [768]',
      'layer head (= tokenEmbedding) [batch, time, 50257]',
    ]);
  });

  it('shows grouped, normalised, turned heads and a head of its own', () => {
    const [embeddings, block, output] = summarize(new Llama({ ...llama.qwen3, nLayers: 2, tiedHead: false }));
    expect(shown([embeddings!, output!])).toEqual([
      'embeddings x 1',
      'layer tokenEmbedding [batch, time, 1024] [151936, 1024]',
      'output x 1',
      'layer finalNorm [batch, time, 1024] [1024]',
      'layer head [batch, time, 151936] [151936, 1024]',
    ]);
    expect(block!.repeat).toBe(2);
    for (const row of [
      'layer attention.key [batch, time, 1024] [1024, 1024]',
      'layer attention.keyNorm [batch, time, 8, 128] [128]',
      'step attention.rotatedQuery [batch, time, 16, 128]',
      'product attention.weights × value [batch, 16, time, 128]',
      'step feedForward.gated [batch, time, 3072]',
    ]) {
      expect(shown([block!])).toContain(row);
    }
  });

  it.each([
    ['small', 124_412_160, 284_812_800],
    ['medium', 354_749_440, 807_569_408],
    ['large', 773_891_840, 1_732_979_200],
    ['xl', 1_557_380_800, 3_424_515_200],
  ] as const)('of GPT-2 %s has the published size, from one block or from all', (size, parameters, flops) => {
    for (const groups of [summarizeModel('gpt2', gpt2[size]), summarize(new GPT2(gpt2[size]))]) {
      expect(totalOf(groups, 'parameters')).toBe(parameters);
      expect(totalOf(groups, 'flopsPerToken')).toBe(flops);
    }
    expect(summarize(new GPT2(gpt2[size]))).toEqual(summarizeModel('gpt2', gpt2[size]));
  });

  it('costs neither time nor memory, even of a million blocks whose weights fit nowhere', () => {
    const config = { ...llama.qwen3, nLayers: 1_000_000, contextLength: 1_000_000_000, headDim: 1_000_000_000 };
    const start = performance.now();
    const groups = summarizeModel('llama', config);
    expect(performance.now() - start).toBeLessThan(1000);
    expect(groups.map(({ repeat }) => repeat)).toEqual([1, 1_000_000, 1]);
    summarizeModel('gpt2', gpt2.xl);
    expect(performance.now() - start).toBeLessThan(2000);
  });

  it('tells batch and time from numbers that happen to be as large', () => {
    const config = { vocabSize: 4, contextLength: 4, embDim: 4, nHeads: 1, nLayers: 1 };
    const [, block] = summarize(new GPT2(config));
    expect(shown([block!])).toContain('layer attention.query [batch, time, 4] [4, 4]');
    expect(shown([block!])).toContain('product attention.weights × value [batch, 1, time, 4]');
    const [shortest] = summarize(new GPT2({ ...config, contextLength: 1 }));
    expect(shown([shortest!])).toContain('layer tokenEmbedding [batch, 1, 4] [4, 4]');
  });

  it('shows blocks that differ one by one, and parts that were inserted into a model', () => {
    const model = new GPT2({ vocabSize: 8, contextLength: 4, embDim: 4, nHeads: 2, nLayers: 4 });
    model.replace('blocks.2.feedForwardNorm', new RMSNorm(4));
    const groups = summarize(model);
    expect(groups.map(({ title, repeat }) => `${title} x ${repeat}`)).toEqual([
      'embeddings x 1',
      'transformer block x 2',
      'transformer block x 1',
      'transformer block x 1',
      'output x 1',
    ]);
    expect(totalOf(groups, 'parameters')).toBe(model.parameterCount);
    model.replace('blocks.1.attentionNorm', model.blocks[0]!.attentionNorm);
    const shared = summarize(model);
    expect(shown(shared)).toContain('layer attentionNorm (= blocks.0.attentionNorm) [batch, time, 4]');
    expect(totalOf(shared, 'parameters')).toBe(model.parameterCount);
    for (const at of [1, 2, 3]) model.replace(`blocks.${at}`, model.blocks[0]!);
    const [, own, again] = summarize(model); // one block, used four times
    expect([own!.repeat, again!.repeat]).toEqual([1, 3]);
    expect(totalOf([again!], 'parameters')).toBe(0);
    expect(totalOf([again!], 'flopsPerToken')).toBe(3 * totalOf([own!], 'flopsPerToken'));
  });

  it('counts parameters that no layer uses', () => {
    class Spare extends LayerNorm {
      readonly spare = new Parameter([3], zerosInit);
      readonly other = new Linear(2, 2, { bias: false });
    }
    const model = new GPT2({ vocabSize: 8, contextLength: 4, embDim: 4, nHeads: 2, nLayers: 1 });
    model.replace('finalNorm', new Spare(4));
    const groups = summarize(model);
    expect(totalOf(groups, 'parameters')).toBe(model.parameterCount);
    expect(shown(groups)).toContain('layer finalNorm.other.weight (unused)  [2, 2]');
  });
});
