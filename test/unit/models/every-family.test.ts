import { describe, expect, it } from 'vitest';
import { loadCheckpoint, saveCheckpoint } from '../../../src/disk/run/index.ts';
import { Decoder } from '../../../src/generate/index.ts';
import {
  type Family,
  type LanguageModel,
  modelFamilies,
  registerFamily,
  summarizeModel,
  totalOf,
} from '../../../src/models/index.ts';
import { Random } from '../../../src/random/random.ts';
import { compute, fromArray, grad } from '../../../src/tensor/index.ts';
import { scaledFamily } from '../../support/scaled-family.ts';
import { temporaryFolder, tinyTokenizer } from '../../support/tiny.ts';
import { shaken, weightsOfModel } from '../../support/tiny-models.ts';
import { toyFamily } from '../../support/toy-family/index.ts';

// What holds for the families of the library holds for those that a program registers.
registerFamily(toyFamily as unknown as Family);
registerFamily(scaledFamily as unknown as Family);

const { vocabSize } = tinyTokenizer;
const small: Record<string, number> = { vocabSize, contextLength: 8, embDim: 16, nHeads: 2, nLayers: 2, dropRate: 0 };

/** A tiny configuration of a family, and the same with each of its switches turned. */
function tinyConfigs({ config: table }: Family) {
  const fields = Object.entries(table.fields);
  const base = Object.fromEntries(fields.flatMap(([name]) => (name in small ? [[name, small[name]]] : [])));
  const switches = fields.filter(([, { kind }]) => kind === 'switch');
  return [{}, ...switches.map(([name, field]) => ({ [name]: !field.default }))].map((change) => ({
    change: JSON.stringify(change),
    config: table.complete({ ...base, ...change }),
  }));
}

const cases = modelFamilies().flatMap((family) => tinyConfigs(family).map((tiny) => ({ ...tiny, family })));
const ids = [[1, 5, 2, 7, 0, 3], [4, 4, 6, 1, 2, 2]]; // biome-ignore format: one line
const tokens = fromArray(Int32Array.from(ids.flat()), [2, 6]);

it('there is a case of every family', () => {
  expect(new Set(cases.map(({ family }) => family.name))).toEqual(new Set(['gpt2', 'llama', 'toy-relu', 'scaled']));
});

describe.each(cases)('$family.name $change', ({ family, config }) => {
  const model: LanguageModel = shaken(family.create(config, new Random(3)));

  it('has its name, and logits from its features', async () => {
    expect(model.family).toBe(family.name);
    const logits = await model.unembed(model.features(tokens)).data();
    expect(await model.forward(tokens).data()).toEqual(logits);
  });

  it('computes with a cache what it computes of a whole text', async () => {
    const whole = await model.forward(tokens).array<number[][][]>();
    await using decoder = new Decoder(model, { chunkSize: 2 });
    const cache = decoder.createCache({ batchSize: 2 });
    const parts = [[0, 3], [3, 4], [4, 6]]; // biome-ignore format: one line
    for (const [from, to] of parts) {
      const last = await decoder.append(cache, ids.map((text) => text.slice(from, to))); // biome-ignore format: one line
      for (const [text, logits] of last.entries()) {
        const expected = whole[text]![to! - 1]!;
        const distance = Math.max(...expected.map((logit, i) => Math.abs(logit - logits![i]!)));
        expect(distance).toBeLessThan(1e-5 * Math.max(1, ...expected.map(Math.abs)));
      }
    }
  });

  it('comes back from a checkpoint, to the last bit', async () => {
    const folder = temporaryFolder();
    await saveCheckpoint(folder, ['last'], { model, tokenizer: tinyTokenizer, step: 1 });
    const { model: again } = await loadCheckpoint(folder, 'last');
    expect(again.constructor).toBe(model.constructor);
    expect(again.config).toEqual(model.config);
    expect(weightsOfModel(again)).toEqual(weightsOfModel(model));
  });

  it('gives every parameter a gradient', async () => {
    const parameters = model.namedParameters();
    const targets = fromArray(Int32Array.from(ids.flat().toReversed()), [2, 6]);
    const gradients = grad(model.loss(tokens, targets), [...parameters.values()]);
    await compute(gradients);
    for (const [i, path] of [...parameters.keys()].entries()) {
      const values = await gradients[i]!.data();
      expect(values.every(Number.isFinite), path).toBe(true);
      // That of a key's bias is 0 but for rounding: it shifts all scores of a query alike.
      expect(values.some((value) => value !== 0), path).toBe(true); // biome-ignore format: one line
    }
  });

  it('has a summary that counts its parameters', () => {
    expect(totalOf(summarizeModel(family.name, config), 'parameters')).toBe(model.parameterCount);
  });
});
