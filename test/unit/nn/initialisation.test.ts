import { describe, expect, it } from 'vitest';
import { GPT2, type GPT2Config, Llama, type LlamaConfig } from '../../../src/models/index.ts';
import {
  Attention,
  Embedding,
  FeedForward,
  gpt2Init,
  LayerNorm,
  Linear,
  Module,
  normalInit,
  Parameter,
  type ResidualLayer,
  RMSNorm,
  seedParameters,
  TransformerBlock,
} from '../../../src/nn/index.ts';
import { Random } from '../../../src/random/random.ts';
import type { Tensor } from '../../../src/tensor/index.ts';

describe('layers that are made alone', () => {
  const draw = () => [new Linear(5, 6), new Linear(5, 6)].map(({ weight }) => weight.value);

  it('differ from each other, and come again with the same seed', () => {
    seedParameters(3);
    const [first, second] = draw();
    expect(first).not.toEqual(second);
    seedParameters(4);
    expect(draw()).not.toEqual([first, second]);
    seedParameters(3);
    expect(draw()).toEqual([first, second]);
  });

  it('have weights of GPT-2, and do not depend on which is read first', () => {
    seedParameters(5);
    const [a, b] = [new Linear(100, 200), new Embedding(300, 50)];
    const [last, first] = [b.weight.value, a.weight.value];
    for (const values of [first, last]) {
      const deviation = Math.sqrt(values.reduce((sum, x) => sum + x * x, 0) / values.length);
      expect(Math.abs(deviation / 0.02 - 1)).toBeLessThan(5 / Math.sqrt(2 * values.length));
    }
    seedParameters(5);
    const again = [new Linear(100, 200), new Embedding(300, 50)].map(({ weight }) => weight.value);
    expect(again).toEqual([first, last]);
    expect([...a.bias!.value]).toEqual(new Array(200).fill(0));
    const norms = [new LayerNorm(2), new RMSNorm(2)].map((norm) => norm.parameters().map(({ value }) => [...value]));
    expect(norms).toEqual([[[1, 1], [0, 0]], [[1, 1]]]); // biome-ignore format: one line
  });

  it('take their own initialiser', () => {
    const { weight } = new Linear(3, 2, { init: (size) => new Float32Array(size).fill(7) });
    expect([...weight.value]).toEqual([7, 7, 7, 7, 7, 7]);
    expect(new Embedding(2, 1, { init: normalInit(1) }).weight.value).toHaveLength(2);
  });
});

describe("a parameter's values", () => {
  it('are made when they are first read, and once', () => {
    let made = 0;
    const parameter = new Parameter([2], (size) => {
      made++;
      return new Float32Array(size);
    });
    parameter.initialize(new Random(1));
    expect(made).toBe(0);
    expect(parameter.value).toBe(parameter.value);
    expect(made).toBe(1);
  });

  it('are forgotten by initialising anew', () => {
    const parameter = new Parameter([4], normalInit(1));
    parameter.value.fill(9);
    parameter.initialize(new Random(2));
    expect(parameter.value).toEqual(new Random(2).child().normals(4));
    parameter.initialize(new Random(2), normalInit(3));
    expect(parameter.value).toEqual(new Random(2).child().normals(4, 3));
  });
});

const gpt2: GPT2Config = {
  vocabSize: 11,
  contextLength: 8,
  embDim: 12,
  nHeads: 3,
  nLayers: 2,
  dropRate: 0,
  qkvBias: true,
  tiedHead: false,
};
const llama: LlamaConfig = {
  ...gpt2,
  nKvHeads: 3,
  headDim: 4,
  hiddenDim: 16,
  normEps: 1e-5,
  ropeTheta: 10_000,
  outputBias: true,
  feedForwardBias: true,
  qkNorm: true,
};

describe('gpt2Init', () => {
  it.each([
    ['a GPT-2', () => new GPT2(gpt2, new Random(6))],
    ['a Llama', () => new Llama(llama, new Random(6))],
  ])('gives %s a child of the source for every parameter, in their order', (_, build) => {
    const random = new Random(6);
    for (const [path, { value, size }] of build().namedParameters()) {
      const child = random.child(); // taken for every parameter, used or not
      if (path.endsWith('bias')) expect(value, path).toEqual(new Float32Array(size));
      else if (path.includes('Norm')) expect(value, path).toEqual(new Float32Array(size).fill(1));
      else {
        const isOutput = /attention\.output|feedForward\.(contract|down)/.test(path);
        expect(value, path).toEqual(child.normals(size, isOutput ? 0.02 / Math.sqrt(4) : 0.02));
      }
    }
  });

  /** Declares its output layer first. */
  class Reversed extends Module {
    readonly contract = new Linear(32, 8);
    readonly expand = new Linear(8, 32);

    get outputLayers() {
      return [this.contract];
    }

    forward(x: Tensor): Tensor {
      return this.contract.forward(this.expand.forward(x));
    }
  }
  const blockOf = (feedForward: ResidualLayer) => {
    const [attentionNorm, feedForwardNorm] = [new LayerNorm(8), new LayerNorm(8)];
    return new TransformerBlock({
      attentionNorm,
      attention: new Attention({ embDim: 8, nHeads: 2 }),
      feedForwardNorm,
      feedForward,
    });
  };

  it('does not depend on the order in which a part declares its layers', () => {
    const block = blockOf(new Reversed());
    gpt2Init(block, new Random(6), 8);
    const random = new Random(6);
    for (const [path, { value, size }] of block.namedParameters()) {
      const child = random.child();
      if (path.endsWith('contract.weight')) expect(value).toEqual(child.normals(size, 0.02 / Math.sqrt(16)));
      if (path.endsWith('expand.weight')) expect(value).toEqual(child.normals(size, 0.02));
    }
  });

  it('takes a part without output layers, and refuses one that does not say', () => {
    class Silent extends Module {
      readonly only = new Linear(8, 8);
      forward(x: Tensor): Tensor {
        return this.only.forward(x);
      }
    }
    const silent = new Silent();
    expect(() => gpt2Init(blockOf(silent as unknown as ResidualLayer), new Random(6))).toThrow(
      'a transformer block holds a Silent that does not name the layers that make its output; give it a getter outputLayers',
    );
    const block = blockOf(Object.assign(silent, { outputLayers: [] }));
    gpt2Init(block, new Random(6), 8);
    const deviation = Math.hypot(...silent.only.weight.value) / 8;
    expect(Math.abs(deviation / 0.02 - 1)).toBeLessThan(0.3);
  });

  it('fills a part outside of a block like any matrix', () => {
    const network = new FeedForward(3);
    gpt2Init(network, new Random(8));
    const random = new Random(8);
    expect(network.expand.weight.value).toEqual(random.child().normals(36, 0.02));
    random.child(); // the bias
    expect(network.contract.weight.value).toEqual(random.child().normals(36, 0.02));
  });
});
