import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { TsgptError } from '../../../src/core/errors.ts';
import { type DecoderOnlyTransformer, GPT2, gpt2, Llama, llama } from '../../../src/models/index.ts';
import {
  type AttentionCache,
  Embedding,
  LayerNorm,
  Linear,
  Module,
  Parameter,
  RMSNorm,
  zerosInit,
} from '../../../src/nn/index.ts';
import { fromArray, type Tensor, tensor, zeros } from '../../../src/tensor/index.ts';

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

  it.each<[string, (tiedHead: boolean) => DecoderOnlyTransformer, string]>([
    ['a GPT-2', (tiedHead) => new GPT2({ ...config, tiedHead }), 'tokenEmbedding'],
    ['a GPT-2', (tiedHead) => new GPT2({ ...config, tiedHead }), 'positionEmbedding'],
    ['a Llama', (tiedHead) => new Llama({ ...config, tiedHead }), 'tokenEmbedding'],
  ])('works for the embeddings of %s: %s %s', async (_, build, path) => {
    const model = build(false);
    const tokens = fromArray(Int32Array.of(1, 2, 3), [1, 3]);
    const embedding = model.namedModules().get(path) as Embedding;
    const before = await model.forward(tokens).data();
    const positions = fromArray(Int32Array.of(0, 1, 2), [1, 3]);
    const cache = { positions } as AttentionCache;
    const embedded = await model.embed(tokens, { cache }).data();
    model.replace(path, new Doubled(embedding));
    expect(await model.forward(tokens).data()).not.toEqual(before);
    // A table of twice the numbers is the same, to the last bit.
    const twice = await model.forward(tokens).data();
    const twiceEmbedded = await model.embed(tokens, { cache }).data();
    model.replace(path, embedding);
    embedding.weight.value = embedding.weight.value.map((number) => 2 * number);
    expect(await model.forward(tokens).data()).toEqual(twice);
    expect(await model.embed(tokens, { cache }).data()).toEqual(twiceEmbedded);
    expect(twiceEmbedded).not.toEqual(embedded);
  });

  it('of an embedding that the head reads needs a weight there', async () => {
    const model = new GPT2(config);
    const tokens = fromArray(Int32Array.of(1, 2, 3), [1, 3]);
    const doubled = new Doubled(model.tokenEmbedding);
    model.replace('tokenEmbedding', doubled);
    expect(() => model.forward(tokens)).toThrow(TsgptError);
    expect(() => model.forward(tokens)).toThrow(
      'the head shares the embedding matrix, but the Doubled at tokenEmbedding has no weight',
    );
    expect(model.vocabularyWeights).toEqual([]);
    Object.defineProperty(doubled, 'weight', { value: (doubled.base as Embedding).weight.mul(2) });
    expect(model.forward(tokens).shape).toEqual([1, 3, config.vocabSize]);
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
      "there is no module at 'blocks.0.attention.querry'; 'blocks.0.attention' has the modules query, key,",
    ],
    ['blocks.2', "there is no module at 'blocks.2'; 'blocks' is a list of 2, from 'blocks.0' on"],
    ['blocks.length', "'blocks' is a list of 2, from 'blocks.0' on"],
    ['blocks', "there is no module at 'blocks'; 'blocks' is a list of 2, from 'blocks.0' on"],
    ['blocks.7.attention.query', "'blocks' is a list of 2, from 'blocks.0' on"],
    ['blocks.0.feedForward.expand.weight', "'blocks.0.feedForward.expand' has no modules in it"],
    ['blocks.0.feedForward.up.base', "'blocks.0.feedForward' has the modules expand, activation, contract"],
    ['finalNorm.weight', "there is no module at 'finalNorm.weight'; 'finalNorm' has no modules in it"],
    ['', "there is no module at ''; the model has the modules tokenEmbedding, positionEmbedding, blocks, finalNorm"],
    ['constructor', "there is no module at 'constructor'"],
  ])('refuses the path %s', (path, message) => {
    const model = new GPT2(config);
    const paths = [...model.namedModules().keys()];
    expect(() => model.replace(path, new Linear(8, 8))).toThrow(message);
    expect([...model.namedModules().keys()]).toEqual(paths);
  });
});

describe('a wrong argument of a module', () => {
  // biome-ignore lint/suspicious/noExplicitAny: the mistakes are those of types
  const any = (value?: unknown): any => value;
  const mistakes: Record<string, [write: () => unknown, message: string]> = {
    'replace: number': [() => new GPT2(config).replace('finalNorm', any(5)), 'replace: give a Module, but got 5'],
    'replace: function': [
      () =>
        new GPT2(config).replace(
          'finalNorm',
          any(() => 1),
        ),
      'replace: give a Module, but got a function',
    ],
    'Linear: zero': [() => new Linear(0, 6), 'Linear: inFeatures must be a whole number of at least 1, but is 0'],
    'Linear: fraction': [
      () => new Linear(5, 1.5),
      'Linear: outFeatures must be a whole number of at least 1, but is 1.5',
    ],
    'Linear: nothing': [
      () => new Linear(any(), any()),
      'Linear: inFeatures must be a whole number of at least 1, but is un',
    ],
    'LayerNorm: negative': [() => new LayerNorm(-3), 'LayerNorm: dim must be a whole number of at least 1, but is -3'],
    'RMSNorm: string': [() => new RMSNorm(any('4')), "RMSNorm: dim must be a whole number of at least 1, but is '4'"],
    'Embedding: dim': [() => new Embedding(4, 0), 'Embedding: dim must be a whole number of at least 1, but is 0'],
    'Embedding: ids': [() => new Embedding(4, 2).forward(tensor([1])), "make it with tensor(…, { dtype: 'int32' })"],
    'Linear: input': [
      () => new Linear(3, 2).forward(any([1, 2, 3])),
      'linear: the operand must be a tensor, but is an array',
    ],
    'Linear: rows': [
      () => new Linear(5, 6).forward(zeros([1, 3])),
      'linear: the rows of the input [1, 3] have 3 elements, but the weight [6, 5] needs 5',
    ],
    'LayerNorm: rows': [
      () => new LayerNorm(5).forward(zeros([2, 3])),
      'layerNorm: the rows of the input [2, 3] have 3 elements, but the weight [5] has 5 and the bias [5] has 5',
    ],
    'Parameter: values': [
      () => {
        new Parameter([2, 2], zerosInit).value = new Float32Array(3);
      },
      'parameter [2, 2] needs 4 values, but got 3',
    ],
    'GPT2: nothing': [() => new GPT2(any()), 'GPT-2: give the settings as an object, with at least vocabSize'],
    'loss: targets': [
      () => new GPT2(config).loss(zeros([1, 3], 'int32'), any()),
      'loss: give the targets, int32 [batch, time], as in loss(tokens, targets)',
    ],
    'forward: array': [
      () => new GPT2(config).forward(any([1, 2])),
      'the tokens must be a tensor [batch, time], but are an array',
    ],
  };

  it.each(Object.entries(mistakes))('%s', (_, [write, message]) => {
    expect(write).toThrow(TsgptError);
    expect(write).toThrow(message);
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

describe('printing a model', () => {
  const treeOf = (model: Module) => inspect(model).split('\n');

  it('shows GPT-2 small as a tree, its blocks once', () => {
    expect(inspect(new GPT2(gpt2.small))).toBe(
      [
        'GPT2                                   parameters in all                124,412,160',
        '  tokenEmbedding: Embedding            weight [50257, 768]               38,597,376',
        '  positionEmbedding: Embedding         weight [1024, 768]                   786,432',
        '  blocks (12 times): TransformerBlock                                     7,085,568',
        '    attentionNorm: LayerNorm           weight [768], bias [768]               1,536',
        '    attention: Attention                                                  2,360,064',
        '      query: Linear                    weight [768, 768]                    589,824',
        '      key: Linear                      weight [768, 768]                    589,824',
        '      value: Linear                    weight [768, 768]                    589,824',
        '      output: Linear                   weight [768, 768], bias [768]        590,592',
        '    feedForwardNorm: LayerNorm         weight [768], bias [768]               1,536',
        '    feedForward: FeedForward                                              4,722,432',
        '      expand: Linear                   weight [3072, 768], bias [3072]    2,362,368',
        '      activation: GELU',
        '      contract: Linear                 weight [768, 3072], bias [768]     2,360,064',
        '  finalNorm: LayerNorm                 weight [768], bias [768]               1,536',
      ].join('\n'),
    );
  });

  it('fits on a screen, and draws no weight', () => {
    for (const model of [new GPT2(gpt2.xl), new Llama(llama.llama3), new Llama({ ...llama.qwen3, qkvBias: true })]) {
      expect(String(model)).toBe(inspect(model));
      for (const line of treeOf(model)) expect(line.length).toBeLessThanOrEqual(100);
      expect(treeOf(model).length).toBeLessThan(25);
    }
  });

  it('tells parts of a list apart, and shows a shared part only once', () => {
    const model = new GPT2({ ...config, nLayers: 5 });
    model.replace('blocks.3.attention.query', new Doubled(model.blocks[3]!.attention.query));
    model.replace('blocks.4', model.blocks[0]!);
    const tree = treeOf(model).map((line) => line.trimStart().replace(/ {2,}/g, ' | '));
    expect(tree.filter((line) => line.startsWith('blocks'))).toEqual([
      'blocks.0 to 2: TransformerBlock | 848',
      'blocks.3: TransformerBlock | 848',
      'blocks.4: TransformerBlock (= blocks.0)',
    ]);
    expect(tree).toContain('base: Linear | weight [8, 8] | 64');
    expect(tree[0]).toContain(model.parameterCount.toLocaleString('en-US'));
  });

  it('marks what is frozen', () => {
    const model = new GPT2(config);
    model.blocks[0]!.attention.freeze();
    const frozen = treeOf(model).flatMap((line) => (line.includes('(frozen)') ? [line.trim().split(' ')[0]] : []));
    expect(frozen).toEqual(['attention:', 'query:', 'key:', 'value:', 'output:']);
    expect(treeOf(new Linear(2, 3).freeze())).toEqual(['Linear (frozen)  weight [3, 2], bias [3]  9 parameters']);
  });

  it('shows parameters in lists', () => {
    class Scales extends Module {
      readonly scales = [new Parameter([2], zerosInit), new Parameter([3], zerosInit)];
    }
    expect(treeOf(new Scales())).toEqual(['Scales  scales.0 [2], scales.1 [3]  5 parameters']);
  });
});
