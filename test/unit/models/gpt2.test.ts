import { describe, expect, it } from 'vitest';
import { compile } from '../../../src/compile/index.ts';
import { GPT2, type GPT2Config } from '../../../src/models/index.ts';
import { Random } from '../../../src/random/random.ts';
import { fromArray, grad, type Tensor } from '../../../src/tensor/index.ts';
import { AdamW, clipScale } from '../../../src/train/index.ts';
import { programOf } from '../../support/program.ts';

const config: GPT2Config = {
  vocabSize: 11,
  contextLength: 8,
  embDim: 12,
  nHeads: 3,
  nLayers: 2,
  dropRate: 0,
  qkvBias: false,
  tiedHead: true,
};

const random = new Random(20);
const randomIds = (...shape: [number, number]) =>
  fromArray(
    Int32Array.from({ length: shape[0] * shape[1] }, () => random.integer(config.vocabSize)),
    shape,
    'the tokens',
  );

describe('the parameters of a GPT-2', () => {
  const blockNames = (block: number, qkvBias: boolean) => [
    `blocks.${block}.attentionNorm.weight`,
    `blocks.${block}.attentionNorm.bias`,
    ...['query', 'key', 'value'].flatMap((part) => [
      `blocks.${block}.attention.${part}.weight`,
      ...(qkvBias ? [`blocks.${block}.attention.${part}.bias`] : []),
    ]),
    `blocks.${block}.attention.output.weight`,
    `blocks.${block}.attention.output.bias`,
    `blocks.${block}.feedForwardNorm.weight`,
    `blocks.${block}.feedForwardNorm.bias`,
    `blocks.${block}.feedForward.expand.weight`,
    `blocks.${block}.feedForward.expand.bias`,
    `blocks.${block}.feedForward.contract.weight`,
    `blocks.${block}.feedForward.contract.bias`,
  ];

  it.each([
    [false, true],
    [true, false],
  ])('are found by path (qkvBias %s, tiedHead %s)', (qkvBias, tiedHead) => {
    const model = new GPT2({ ...config, qkvBias, tiedHead });
    expect([...model.namedParameters().keys()]).toEqual([
      'tokenEmbedding.weight',
      'positionEmbedding.weight',
      ...blockNames(0, qkvBias),
      ...blockNames(1, qkvBias),
      'finalNorm.weight',
      'finalNorm.bias',
      ...(tiedHead ? [] : ['head.weight']),
    ]);
    for (const [path, parameter] of model.namedParameters()) expect(parameter.name).toBe(path);
  });

  it('are as many as the configuration says', () => {
    const { vocabSize: V, contextLength: T, embDim: C, nLayers: L } = config;
    // Per block: four square matrices and a bias, the feed-forward's two matrices and biases, two norms.
    const block = 4 * C * C + C + 8 * C * C + 5 * C + 4 * C;
    expect(new GPT2(config).parameterCount).toBe((V + T) * C + L * block + 2 * C);
    expect(new GPT2({ ...config, qkvBias: true }).parameterCount).toBe((V + T) * C + L * (block + 3 * C) + 2 * C);
    expect(new GPT2({ ...config, tiedHead: false }).parameterCount).toBe((2 * V + T) * C + L * block + 2 * C);
  });
});

describe('the initial weights of a GPT-2', () => {
  const wide = { ...config, vocabSize: 200, embDim: 96, nHeads: 4, nLayers: 8 };
  const model = new GPT2(wide, new Random(1));

  it.each([...model.namedParameters()].filter(([path]) => !/blocks\.[1-6]/.test(path)))('%s', (path, { value }) => {
    const mean = value.reduce((a, b) => a + b, 0) / value.length;
    const deviation = Math.sqrt(value.reduce((sum, x) => sum + (x - mean) ** 2, 0) / value.length);
    if (path.endsWith('bias')) expect(value.every((x) => x === 0)).toBe(true);
    else if (path.includes('Norm')) expect(value.every((x) => x === 1)).toBe(true);
    else {
      const isShortcut = /attention\.output|feedForward\.contract/.test(path);
      const expected = isShortcut ? 0.02 / Math.sqrt(2 * wide.nLayers) : 0.02;
      // Both estimates vary with the number of draws; five deviations are one case in a million.
      expect(Math.abs(mean)).toBeLessThan((5 * expected) / Math.sqrt(value.length));
      expect(Math.abs(deviation / expected - 1)).toBeLessThan(5 / Math.sqrt(2 * value.length));
    }
  });

  it('depend on the seed, and not on which is read first', () => {
    const values = (parameters: Iterable<[string, { value: Float32Array }]>) =>
      Object.fromEntries(Array.from(parameters, ([path, parameter]) => [path, parameter.value]));
    const forwards = values(new GPT2(config, new Random(7)).namedParameters());
    const backwards = values([...new GPT2(config, new Random(7)).namedParameters()].reverse());
    expect(backwards).toEqual(forwards);
    expect(values(new GPT2(config, new Random(8)).namedParameters())).not.toEqual(forwards);
  });

  it('start the loss near that of guessing', async () => {
    const loss = await new GPT2(config, new Random(2)).loss(randomIds(4, 8), randomIds(4, 8)).item();
    expect(Math.abs(loss - Math.log(config.vocabSize))).toBeLessThan(0.1);
  });
});

describe('GPT-2', () => {
  const model = new GPT2(config, new Random(3));
  // Larger weights than the initial ones, so that every part matters.
  for (const parameter of model.parameters()) parameter.value = random.normals(parameter.size, 0.5);

  it('gives logits for every position', () => {
    expect(model.forward(randomIds(2, 5)).shape).toEqual([2, 5, 11]);
    expect(model.features(randomIds(2, 5)).shape).toEqual([2, 5, 12]);
  });

  it('a later token does not change earlier logits', async () => {
    const ids = Int32Array.from({ length: 8 }, (_, i) => i);
    const logits = () => model.forward(fromArray(ids.slice(), [1, 8])).array<number[][][]>();
    const before = await logits();
    for (let at = 7; at >= 0; at--) {
      const original = ids[at]!;
      ids[at] = 10;
      const after = await logits();
      ids[at] = original;
      expect(after[0]!.slice(0, at)).toEqual(before[0]!.slice(0, at));
      for (let t = at; t < 8; t++) expect(after[0]![t]).not.toEqual(before[0]![t]);
    }
  });

  it('without a mask every token changes all logits, and a mask hides the filling of a text', async () => {
    const ids = [Int32Array.of(1, 2, 3, 4), Int32Array.of(1, 2, 3, 9)].map((tokens) => fromArray(tokens, [1, 4]));
    const rows = async (tokens: Tensor, mask: Tensor | null) =>
      (await model.forward(tokens, { mask }).array()) as number[][][];
    const [before, after] = [await rows(ids[0]!, null), await rows(ids[1]!, null)];
    for (let t = 0; t < 4; t++) expect(after[0]![t]).not.toEqual(before[0]![t]);
    // The last token is padding that no position sees.
    const hidden = fromArray(Float32Array.of(0, 0, 0, Number.NEGATIVE_INFINITY), [4]);
    expect((await rows(ids[1]!, hidden))[0]!.slice(0, 3)).toEqual((await rows(ids[0]!, hidden))[0]!.slice(0, 3));
  });

  it('a short text has the logits that it has as the start of a longer one', async () => {
    const ids = Int32Array.from({ length: 8 }, () => random.integer(11));
    const whole = await model.forward(fromArray(ids, [1, 8])).data();
    const start = await model.forward(fromArray(ids.slice(0, 3), [1, 3])).data();
    for (const [i, value] of start.entries()) expect(Math.abs(whole[i]! - value)).toBeLessThan(1e-4);
  });

  it('the order of tokens matters', async () => {
    const last = async (...ids: number[]) =>
      model.forward(fromArray(Int32Array.from(ids), [1, 3])).slice(null, [-1]).data(); // biome-ignore format: one line
    expect(await last(1, 2, 3)).not.toEqual(await last(2, 1, 3));
  });

  it('the tied head shares the embedding matrix', async () => {
    const x = randomIds(1, 4);
    const logits = await model.features(x).matmul(model.tokenEmbedding.weight.transpose(0, 1)).data();
    const own = await model.forward(x).data();
    for (const [i, value] of own.entries()) expect(Math.abs(logits[i]! - value)).toBeLessThan(1e-4);
  });

  it('rejects texts that are too long or no batch', () => {
    expect(() => model.forward(randomIds(1, 9))).toThrow('at most 8 tokens at once, but was given 9');
    const flat = fromArray(new Int32Array(4), [4], 'the tokens');
    expect(() => model.forward(flat)).toThrow('[batch, time], but are the tokens [4]');
  });

  it('rejects configurations no model can be built from', () => {
    expect(() => new GPT2({ ...config, nHeads: 5 })).toThrow('embDim 12 does not divide evenly among 5 heads');
    expect(() => new GPT2({ ...config, nLayers: 0 })).toThrow('nLayers');
    expect(() => new GPT2({ ...config, dropRate: 1 })).toThrow('dropRate');
  });
});

describe('dropout in a GPT-2', () => {
  const masksOf = (logits: Tensor) => {
    const { leaves } = programOf([logits]);
    // Every mask is drawn as two vectors of numbers for its rows and one for its columns.
    return leaves.filter(({ value }) => value.dtype === 'int32' && value.name === undefined).length / 3;
  };
  const tokens = randomIds(1, 8);

  it('is applied to the embeddings, and in every block to the weights of attention and before both shortcuts', () => {
    const model = new GPT2({ ...config, dropRate: 0.1 });
    expect(masksOf(model.forward(tokens, { random: new Random(1) }))).toBe(1 + 3 * config.nLayers);
    expect(masksOf(model.forward(tokens))).toBe(0);
    expect(masksOf(new GPT2(config).forward(tokens, { random: new Random(1) }))).toBe(0);
  });
});

describe('training a GPT-2', () => {
  const [tokens, targets] = [randomIds(4, 8), randomIds(4, 8)];

  /** Twenty steps on one batch; the losses. */
  async function losses(dropRate: number, dropoutRandom: Random | undefined): Promise<number[]> {
    const model = new GPT2({ ...config, dropRate }, new Random(5));
    const optimizer = new AdamW(model.namedParameters());
    const step = compile((x, y) => {
      const loss = model.loss(x as Tensor, y as Tensor, { random: dropoutRandom });
      return [loss, ...grad(loss, model.parameters())];
    });
    const result: number[] = [];
    for (let i = 0; i < 20; i++) {
      const [loss] = await step.run([tokens, targets], [undefined, ...optimizer.gradients.values()]);
      const gradientScale = clipScale(await optimizer.gradientNorm(), 1);
      await optimizer.update({ learningRate: 1e-2, gradientScale });
      result.push(loss![0]!);
    }
    return result;
  }

  it('without dropout is deterministic, whether or not there is a source of random numbers', async () => {
    const plain = await losses(0, undefined);
    expect(plain.at(-1)).toBeLessThan(plain[0]! - 0.5);
    expect(await losses(0, undefined)).toEqual(plain);
    expect(await losses(0, new Random(6))).toEqual(plain);
    // A pass without a source of random numbers is no training pass: nothing is dropped.
    expect(await losses(0.3, undefined)).toEqual(plain);
  });

  it('with dropout learns, differently with each seed and the same with the same', async () => {
    const [first, again, other] = [await dropped(6), await dropped(6), await dropped(7)];
    expect(first.at(-1)).toBeLessThan(first[0]! - 0.2);
    expect(again).toEqual(first);
    expect(other).not.toEqual(first);
    expect(first).not.toEqual(await losses(0, undefined));
  });
  const dropped = (seed: number) => losses(0.2, new Random(seed));
});
