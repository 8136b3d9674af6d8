import { describe, expect, it } from 'vitest';
import { GPT2, type GPT2Config } from '../../../src/models/index.ts';
import { Linear, Module, observe } from '../../../src/nn/index.ts';
import { Random } from '../../../src/random/random.ts';
import { grad, type Tensor, tensor } from '../../../src/tensor/index.ts';

const config: GPT2Config = {
  vocabSize: 11,
  contextLength: 8,
  embDim: 6,
  nHeads: 2,
  nLayers: 2,
  dropRate: 0,
  qkvBias: false,
  tiedHead: false,
};
const tokens = tensor([[1, 2, 3]], { dtype: 'int32' });

describe('the modules of a model', () => {
  it('have paths, a whole before its parts', () => {
    const model = new GPT2({ ...config, nLayers: 1 });
    const paths = [...model.namedModules().keys()];
    expect(paths.slice(0, 5)).toEqual([
      '',
      'tokenEmbedding',
      'positionEmbedding',
      'blocks.0',
      'blocks.0.attentionNorm',
    ]);
    expect(model.namedModules().get('blocks.0.attention.key')).toBe(model.blocks[0]!.attention.key);
    expect(paths.slice(-2)).toEqual(['finalNorm', 'head']);
  });
});

describe('observe', () => {
  it("sees every part's output and every named tensor, in the order in which they are made", () => {
    const model = new GPT2({ ...config, nLayers: 1 });
    const inside = observe(model, () => model.forward(tokens));
    expect([...inside].map(([name, { shape }]) => `${name} ${shape}`)).toEqual([
      'tokenEmbedding 1,3,6',
      'positions 1,3,6',
      'embeddings 1,3,6',
      'blocks.0.attentionNorm 1,3,6',
      'blocks.0.attention.query 1,3,6',
      'blocks.0.attention.key 1,3,6',
      'blocks.0.attention.value 1,3,6',
      'blocks.0.attention.scores 1,2,3,3',
      'blocks.0.attention.weights 1,2,3,3',
      'blocks.0.attention.output 1,3,6',
      'blocks.0.attention 1,3,6',
      'blocks.0.attended 1,3,6',
      'blocks.0.feedForwardNorm 1,3,6',
      'blocks.0.feedForward.expand 1,3,24',
      'blocks.0.feedForward.activation 1,3,24',
      'blocks.0.feedForward.contract 1,3,6',
      'blocks.0.feedForward 1,3,6',
      'blocks.0 1,3,6',
      'finalNorm 1,3,6',
      'head 1,3,11',
    ]);
  });

  it('sees the tensors the model computes with', async () => {
    const model = new GPT2(config, new Random(1));
    let logits = tokens;
    const inside = observe(model, () => {
      logits = model.forward(tokens);
      return logits;
    });
    expect(inside.get('head')).toBe(logits);
    const [block] = model.blocks;
    const again = block!.forward(inside.get('embeddings')!);
    expect(await inside.get('blocks.0')!.data()).toEqual(await again.data());
    // They can be differentiated: this gradient reaches back to the last position's embedding only.
    const last = logits.slice(null, [2, 3]).sum();
    const [gradient] = grad(last, [inside.get('blocks.1.attention.weights')!]);
    expect(gradient!.shape).toEqual([1, 2, 3, 3]);
    const rows = await gradient!.array<number[][][][]>();
    expect(rows[0]![0]!.slice(0, 2).flat()).toEqual([0, 0, 0, 0, 0, 0]);
    expect(rows[0]![0]![2]!.some((value) => value !== 0)).toBe(true);
  });

  it('names no parameter anew, even where all positions are used', () => {
    const model = new GPT2({ ...config, contextLength: 3 });
    expect(observe(model, () => model.forward(tokens)).has('positions')).toBe(true);
    expect(model.positionEmbedding.weight.name).toBe('positionEmbedding.weight');
  });

  it('leaves the model as it was, also after an error', () => {
    const model = new GPT2(config);
    const own = (module: Module) => Object.getOwnPropertyNames(module);
    const before = [...model.namedModules().values()].map(own);
    observe(model, () => model.forward(tokens));
    expect(() => observe(model, () => model.forward(tensor([1, 2])))).toThrow('must be [batch, time]');
    expect([...model.namedModules().values()].map(own)).toEqual(before);
    expect(observe(model, () => tokens).size).toBe(0);
  });

  it('numbers the uses of a part, and keeps a forward that belongs to the instance', () => {
    class Twice extends Module {
      readonly layer = new Linear(2, 2);
      readonly forward = (x: Tensor) => this.layer.forward(this.layer.forward(x).named('between')).named('end');
    }
    const model = new Twice();
    const { forward } = model;
    const inside = observe(model, () => model.forward(tensor([[1, 2]])));
    expect([...inside.keys()]).toEqual(['layer', 'layer#2']);
    expect(model.forward).toBe(forward);
  });
});
