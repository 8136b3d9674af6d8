import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { loadCheckpoint, saveCheckpoint } from '../../../src/disk/run/index.ts';
import { Decoder } from '../../../src/generate/index.ts';
import { attentionMaps, journey, logitLens } from '../../../src/inspect/index.ts';
import {
  createModel,
  Llama,
  type LlamaConfig,
  llama,
  llamaConfig,
  summarize,
  summarizeModel,
  totalOf,
} from '../../../src/models/index.ts';
import { Random } from '../../../src/random/random.ts';
import { fromArray } from '../../../src/tensor/index.ts';
import { splitTrainValidation } from '../../../src/text/index.ts';
import { CharTokenizer } from '../../../src/tokenizer/index.ts';
import { textTrainer } from '../../../src/train/index.ts';
import { programOf } from '../../support/program.ts';
import { temporaryFolder, tinyOptions } from '../../support/tiny.ts';

const config: LlamaConfig = {
  vocabSize: 11,
  contextLength: 8,
  embDim: 12,
  nHeads: 4,
  nKvHeads: 2,
  headDim: 6,
  nLayers: 2,
  hiddenDim: 16,
  normEps: 1e-5,
  ropeTheta: 10_000,
  qkvBias: true,
  outputBias: true,
  feedForwardBias: true,
  qkNorm: true,
  tiedHead: false,
  dropRate: 0,
};
const without = { qkvBias: false, outputBias: false, feedForwardBias: false, qkNorm: false, tiedHead: true };

const random = new Random(30);
const randomIds = (batch: number, time: number) =>
  fromArray(
    Int32Array.from({ length: batch * time }, () => random.integer(config.vocabSize)),
    [batch, time],
    'the tokens',
  );

/** Larger weights than the initial ones, so that every part matters. */
function opinionated(changes: Partial<LlamaConfig> = {}): Llama {
  const model = new Llama({ ...config, ...changes });
  for (const parameter of model.parameters()) {
    parameter.value = parameter.value.map((value) => value + 0.3 * random.normal());
  }
  return model;
}

describe('the parameters of a Llama', () => {
  const blockNames = (block: number) =>
    [
      'attentionNorm.weight',
      ...['query', 'key', 'value'].flatMap((part) => [`attention.${part}.weight`, `attention.${part}.bias`]),
      'attention.queryNorm.weight',
      'attention.keyNorm.weight',
      'attention.output.weight',
      'attention.output.bias',
      'feedForwardNorm.weight',
      ...['gate', 'up', 'down'].flatMap((part) => [`feedForward.${part}.weight`, `feedForward.${part}.bias`]),
    ].map((name) => `blocks.${block}.${name}`);
  const all = ['tokenEmbedding.weight', ...blockNames(0), ...blockNames(1), 'finalNorm.weight', 'head.weight'];

  it('are found by path, as far as the configuration wants them', () => {
    expect([...new Llama(config).namedParameters().keys()]).toEqual(all);
    const plain = new Llama({ ...config, ...without });
    const few = all.filter((name) => !/bias|queryNorm|keyNorm|head/.test(name));
    expect([...plain.namedParameters().keys()]).toEqual(few);
    for (const [path, parameter] of plain.namedParameters()) expect(parameter.name).toBe(path);
  });

  it('have the shapes that heads of any width ask for', () => {
    const shapes = Object.fromEntries(
      [...new Llama(config).namedParameters()].map(([path, { shape }]) => [path, shape]),
    );
    expect(shapes).toMatchObject({
      'blocks.0.attention.query.weight': [24, 12],
      'blocks.0.attention.key.weight': [12, 12],
      'blocks.0.attention.value.bias': [12],
      'blocks.0.attention.queryNorm.weight': [6],
      'blocks.0.attention.output.weight': [12, 24],
      'blocks.0.feedForward.down.weight': [12, 16],
    });
  });

  it('are as many as the summary of the layers says, whatever the configuration', () => {
    const size = fc.integer({ min: 1, max: 5 });
    const configs = fc.record({
      ...{ vocabSize: size, contextLength: size, embDim: size, nLayers: size, hiddenDim: size },
      nKvHeads: size,
      headDim: size.map((half) => 2 * half),
      ...{ qkvBias: fc.boolean(), outputBias: fc.boolean(), feedForwardBias: fc.boolean() },
      ...{ qkNorm: fc.boolean(), tiedHead: fc.boolean() },
    });
    fc.assert(
      fc.property(configs, size, (changes, group) => {
        const changed = { ...config, ...changes, nHeads: group * changes.nKvHeads };
        const groups = summarizeModel('llama', changed);
        expect(totalOf(groups, 'parameters')).toBe(new Llama(changed).parameterCount);
        expect(summarize(new Llama(changed))).toEqual(groups);
      }),
      { numRuns: 50 },
    );
  });

  it('start as those of GPT-2 do: normal with deviation 0.02, less before shortcuts; norms one, biases zero', () => {
    const model = new Llama(
      { ...config, vocabSize: 200, embDim: 96, hiddenDim: 200, headDim: 24, nLayers: 8 },
      new Random(1),
    );
    for (const [path, { value }] of model.namedParameters()) {
      if (path.endsWith('bias')) expect(value.every((x) => x === 0)).toBe(true);
      else if (path.includes('Norm')) expect(value.every((x) => x === 1)).toBe(true);
      else {
        const deviation = Math.sqrt(value.reduce((sum, x) => sum + x * x, 0) / value.length);
        const expected = /attention\.output|feedForward\.down/.test(path) ? 0.02 / 4 : 0.02;
        expect(Math.abs(deviation / expected - 1), path).toBeLessThan(5 / Math.sqrt(2 * value.length));
      }
    }
  });
});

describe('Llama', () => {
  const model = opinionated();

  it('gives logits for every position', () => {
    expect(model.forward(randomIds(2, 5)).shape).toEqual([2, 5, 11]);
    expect(model.features(randomIds(2, 5)).shape).toEqual([2, 5, 12]);
    expect(model.cacheShape).toEqual({ nLayers: 2, nKvHeads: 2, headDim: 6 });
  });

  it('a later token does not change earlier logits, and every one changes those from it on', async () => {
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

  it('the tied head shares the embedding matrix', async () => {
    const tied = opinionated({ tiedHead: true });
    const tokens = randomIds(1, 4);
    const expected = await tied.features(tokens).matmul(tied.tokenEmbedding.weight.transpose(0, 1)).data();
    const actual = await tied.forward(tokens).data();
    for (const [i, value] of expected.entries()) expect(actual[i]).toBeCloseTo(value, 4);
  });

  it.each([
    {},
    without,
    { ropeScaling: { kind: 'linear' as const, factor: 3 }, nKvHeads: 4, headDim: 8 },
    { ropeScaling: llama.llama3.ropeScaling, nKvHeads: 1, headDim: 2 },
  ])('with a cache has the logits of a whole pass (%j)', async (changes) => {
    const cached = opinionated(changes);
    await using decoder = new Decoder(cached, { chunkSize: 3 });
    const cache = decoder.createCache({ batchSize: 2 });
    const texts = [
      [3, 1, 4, 1, 5],
      [9, 2],
    ];
    await decoder.append(cache, texts);
    const logits = await decoder.append(cache, [[6], [5]]);
    for (const [i, next] of [6, 5].entries()) {
      const ids = Int32Array.from([...texts[i]!, next]);
      const whole = await cached.forward(fromArray(ids, [1, ids.length])).slice(null, [-1]).data(); // biome-ignore format: one line
      for (const [j, value] of whole.entries()) expect(logits[i]![j]).toBeCloseTo(value, 4);
    }
  });

  it('attends to its window only: a token further back changes nothing, one inside does', async () => {
    const oneBlock = opinionated({ slidingWindow: 3, nLayers: 1 });
    const logitsOf = async (ids: number[]) => {
      const logits = await oneBlock.forward(fromArray(Int32Array.from(ids), [1, ids.length])).array<number[][][]>();
      return logits[0]!.at(-1)!;
    };
    const ids = [3, 1, 4, 1, 5, 9];
    const before = await logitsOf(ids);
    for (const place of ids.keys()) {
      const after = await logitsOf(ids.with(place, 7));
      if (place < ids.length - 3) expect(after, `token ${place}`).toEqual(before);
      else expect(after, `token ${place}`).not.toEqual(before);
    }
  });

  it('with a window and a cache has the logits of a whole pass, however the text is cut into passes', async () => {
    const settings = fc.record({
      slidingWindow: fc.integer({ min: 1, max: 9 }),
      nKvHeads: fc.constantFrom(1, 2, 4),
      chunkSize: fc.integer({ min: 1, max: 8 }),
      lengths: fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 3 }),
    });
    await fc.assert(
      fc.asyncProperty(settings, async ({ slidingWindow, nKvHeads, chunkSize, lengths }) => {
        const model = opinionated({ slidingWindow, nKvHeads });
        await using decoder = new Decoder(model, { chunkSize });
        const cache = decoder.createCache({ batchSize: lengths.length });
        const texts = lengths.map((length) => Array.from({ length }, () => random.integer(config.vocabSize)));
        await decoder.append(cache, texts);
        for (const next of [6, 5]) {
          const logits = await decoder.append(
            cache,
            texts.map(() => [next]),
          );
          for (const [i, text] of texts.entries()) {
            text.push(next);
            const ids = fromArray(Int32Array.from(text), [1, text.length]);
            const whole = await model.forward(ids).slice(null, [-1]).data();
            for (const [j, value] of whole.entries()) expect(logits[i]![j]).toBeCloseTo(value, 3);
          }
        }
      }),
      { numRuns: 40 },
    );
  });

  it('can be looked into', async () => {
    const ids = [3, 1, 4, 1];
    const names = (await journey(model, ids)).map(({ name }) => name);
    for (const name of [
      'embeddings',
      'attended',
      'attention.rotatedQuery',
      'attention.rotatedKey',
      'attention.weights',
    ]) {
      expect(names).toContain(name === 'embeddings' ? name : `blocks.1.${name}`);
    }
    expect(names).toContain('blocks.0.feedForward.gated');
    const maps = await attentionMaps(model, ids);
    expect(maps.map(({ name, heads }) => [name, heads.length])).toEqual([
      ['blocks.0.attention', 4],
      ['blocks.1.attention', 4],
    ]);
    for (const row of maps[1]!.heads.flat()) expect(row.reduce((a, b) => a + b)).toBeCloseTo(1, 5);
    const lens = await logitLens(model, ids, 2);
    expect(lens.map(({ name }) => name)).toEqual(['embeddings', 'blocks.0', 'blocks.1']);
  });

  it('rejects texts that are too long, no batch, or of other tokens', async () => {
    expect(() => model.forward(randomIds(1, 9))).toThrow('at most 8 tokens at once, but was given 9');
    const flat = fromArray(new Int32Array(4), [4], 'the tokens');
    expect(() => model.forward(flat)).toThrow('[batch, time], but are the tokens [4]');
    await expect(model.forward(fromArray(Int32Array.of(11), [1, 1], 'the tokens')).data()).rejects.toThrow('11');
  });
});

describe('configurations of Llama', () => {
  const llama3 = llama.llama3.ropeScaling;
  it.each([
    [{ nKvHeads: 3 }, 'nHeads 4 is not a multiple of nKvHeads 3'],
    [{ headDim: 5 }, 'headDim must be even'],
    [{ headDim: 2.5 }, 'headDim must be a whole number of at least 1, but is 2.5'],
    [{ nLayers: 0 }, 'nLayers must be a whole number of at least 1, but is 0'],
    [{ hiddenDim: -1 }, 'hiddenDim must be'],
    [{ normEps: 0 }, 'normEps must be a number greater than 0 and within the range of float32, but is 0'],
    [
      { ropeTheta: Number.NaN },
      'ropeTheta must be a number greater than 0 and within the range of float32, but is NaN',
    ],
    [
      { ropeScaling: { kind: 'linear', factor: 0 } },
      'ropeScaling.factor must be a number greater than 0 and within the range of float32, but is 0',
    ],
    [{ ropeScaling: { ...llama3, lowFrequencyFactor: 4 } }, 'lowFrequencyFactor must be less than ropeScaling.high'],
    [{ dropRate: 1 }, 'dropRate must be at least 0 and less than 1, but is 1'],
  ])('%j is refused', (changes, message) => {
    expect(() => new Llama({ ...config, ...changes } as LlamaConfig)).toThrow(message);
  });

  it('come back from JSON, and nothing else does', () => {
    for (const known of [config, { ...config, ropeScaling: llama3 }, ...Object.values(llama)]) {
      const json = JSON.parse(JSON.stringify(known));
      expect(llamaConfig.parse(json)).toEqual(known);
      expect(createModel('llama', json).config).toEqual(known);
    }
    expect(() => llamaConfig.parse({ ...config, ropeTheta: '10000' })).toThrow(
      'not a Llama configuration: ropeTheta must be a number',
    );
    expect(() => llamaConfig.parse({ ...config, qkNorm: undefined })).toThrow('not a Llama configuration: qkNorm');
    expect(() => llamaConfig.parse({ ...config, ropeScaling: { kind: 'yarn' } })).toThrow('ropeScaling.kind');
    expect(() => llamaConfig.parse(null)).toThrow('not a Llama configuration');
  });
});

describe('training a Llama', () => {
  it('drops elements of the embeddings, of the weights of attention, and before both shortcuts', () => {
    const masksOf = (model: Llama, pass?: { random: Random }) => {
      const { leaves } = programOf([model.forward(fromArray(new Int32Array(8), [1, 8], 'the tokens'), pass)]);
      // Every mask is drawn as two vectors of numbers for its rows and one for its columns.
      return leaves.filter(({ value }) => value.dtype === 'int32' && value.name === undefined).length / 3;
    };
    const model = new Llama({ ...config, dropRate: 0.1 });
    expect(masksOf(model, { random: new Random(1) })).toBe(1 + 3 * config.nLayers);
    expect(masksOf(model)).toBe(0);
    expect(masksOf(new Llama(config), { random: new Random(1) })).toBe(0);
  });

  it('learns a text, and goes on from a checkpoint', async () => {
    const sentence = 'the quick brown fox jumps over the lazy dog. ';
    const tokenizer = CharTokenizer.fromText(sentence);
    const text = splitTrainValidation(Uint16Array.from(tokenizer.encode(sentence.repeat(30))));
    const model = new Llama({
      ...config,
      ...without,
      vocabSize: tokenizer.vocabSize,
      contextLength: 16,
      dropRate: 0.05,
    });
    const trainer = textTrainer(model, text, { ...tinyOptions, steps: 120 });
    const before = await trainer.evaluate();
    expect(Math.abs(before - Math.log(tokenizer.vocabSize))).toBeLessThan(0.1);
    for (let step = 0; step < 120; step++) await trainer.trainStep();
    expect(await trainer.evaluate()).toBeLessThan(1);

    const folder = temporaryFolder();
    await saveCheckpoint(folder, ['last'], { model, tokenizer, step: 120 });
    const loaded = (await loadCheckpoint(folder, 'last')).model;
    expect(loaded).toBeInstanceOf(Llama);
    expect(loaded.config).toEqual(model.config);
    const tokens = fromArray(Int32Array.from(tokenizer.encode('the lazy')), [1, 8]);
    expect(await loaded.loss(tokens, tokens).item()).toBe(await model.loss(tokens, tokens).item());
  });
});
