import { describe, expect, it } from 'vitest';
import { GPT2 } from '../../../src/models/index.ts';
import { Linear, Module } from '../../../src/nn/index.ts';
import { fromArray, type Tensor } from '../../../src/tensor/index.ts';

const config = {
  vocabSize: 11,
  contextLength: 8,
  embDim: 8,
  nHeads: 2,
  nLayers: 2,
  dropRate: 0,
  qkvBias: false,
  tiedHead: true,
};

/** A linear layer whose result counts twice. */
class Doubled extends Module {
  readonly base: Module & { forward(x: Tensor): Tensor };

  constructor(base: Module & { forward(x: Tensor): Tensor }) {
    super();
    this.base = base;
  }

  forward(x: Tensor): Tensor {
    return this.base.forward(x).mul(2);
  }
}

describe('replacing a part', () => {
  it('gives the old part back, is used by the model, and renames the parameters', async () => {
    const model = new GPT2(config);
    const tokens = fromArray(Int32Array.of(1, 2, 3), [1, 3]);
    const before = await model.forward(tokens).data();
    const { query } = model.blocks[0]!.attention;
    const doubled = new Doubled(query);
    expect(model.replace('blocks.0.attention.query', doubled)).toBe(query);
    expect(model.blocks[0]!.attention.query).toBe(doubled);
    expect(query.weight.name).toBe('blocks.0.attention.query.base.weight');
    expect([...model.namedParameters().keys()]).toContain('blocks.0.attention.query.base.weight');
    expect(await model.forward(tokens).data()).not.toEqual(before);
    expect(model.replace('blocks.0.attention.query', query)).toBe(doubled);
    expect(query.weight.name).toBe('blocks.0.attention.query.weight');
    expect(await model.forward(tokens).data()).toEqual(before);
  });

  it('works for parts in arrays', () => {
    const model = new GPT2(config);
    const [first, second] = model.blocks;
    expect(model.replace('blocks.1', first!)).toBe(second);
    expect(model.blocks[1]).toBe(first);
    expect([...model.namedParameters().keys()].some((path) => path.startsWith('blocks.1'))).toBe(false);
  });

  it.each([
    [
      'blocks.0.attention.querry',
      "no module stands at 'blocks.0.attention.querry'; the modules there are: query, key,",
    ],
    ['blocks.2', "no module stands at 'blocks.2'; there are 2 parts, from 0 on"],
    ['blocks.length', 'there are 2 parts, from 0 on'],
    ['blocks', "no module stands at 'blocks'; the modules there are: tokenEmbedding, positionEmbedding, finalNorm"],
    ['blocks.7.attention.query', 'what comes before the last period does not exist'],
    ['finalNorm.weight', "no module stands at 'finalNorm.weight'; the modules there are: none"],
    ['', "no module stands at ''"],
    ['constructor', "no module stands at 'constructor'"],
  ])('refuses the path %s', (path, message) => {
    const model = new GPT2(config);
    const paths = [...model.namedModules().keys()];
    expect(() => model.replace(path, new Linear(8, 8))).toThrow(message);
    expect([...model.namedModules().keys()]).toEqual(paths);
  });
});

describe('freezing', () => {
  it('takes the parameters of a part out of what is trained, and puts them back', () => {
    const model = new GPT2(config);
    const trainable = () => [...model.namedParameters()].filter(([, p]) => p.trainable).map(([path]) => path);
    expect(trainable()).toEqual([...model.namedParameters().keys()]);
    expect(model.freeze()).toBe(model);
    expect(trainable()).toEqual([]);
    model.blocks[1]!.attention.query.unfreeze();
    expect(trainable()).toEqual(['blocks.1.attention.query.weight']);
    expect(
      model
        .unfreeze()
        .parameters()
        .every((parameter) => parameter.trainable),
    ).toBe(true);
    expect(model.parameterCount).toBe(model.freeze().parameterCount);
  });
});
