import { describe, expect, it } from 'vitest';
import { createModel, familyNamed } from '../../../src/models/index.ts';
import { type OptimizerName, trainingMemory } from '../../../src/train/index.ts';
import { optimizerKinds } from '../../../src/train/optimizers/index.ts';
import { runScript } from '../../support/run-script.ts';

const gpt2 = (fields: object) => ({ family: 'gpt2', config: familyNamed('gpt2').config.complete(fields) });
const llama = (fields: object) => ({ family: 'llama', config: familyNamed('llama').config.complete(fields) });

const cases = [
  ['many short windows', gpt2({ vocabSize: 65, contextLength: 64, embDim: 128, nHeads: 4, nLayers: 4 }), 64],
  ['a large vocabulary', gpt2({ vocabSize: 20_000, contextLength: 128, embDim: 256, nHeads: 4, nLayers: 2 }), 4],
  ['long windows', llama({ vocabSize: 1000, contextLength: 384, embDim: 256, nHeads: 8, nLayers: 3 }), 4],
] as const;

describe('trainingMemory', () => {
  it.each(cases)('is what training takes, within 30 percent: %s', async (_, { family, config }, batchSize) => {
    const { growth } = await runScript<undefined>(
      { 'models/index.ts': 'createModel', 'train/index.ts': 'train' },
      `const config = ${JSON.stringify(config)};
       const ids = (length) => Int32Array.from({ length }, (_, i) => (i * 7919) % config.vocabSize);
       const { contextLength } = config;
       const text = { train: ids(8 * contextLength), validation: ids(contextLength + 2) };
       const options = { steps: 2, evalInterval: 1000, evalWindows: ${batchSize}, batchSize: ${batchSize} };
       for await (const _ of train(createModel('${family}', config), text, options));`,
    );
    const measured = growth + 64 * 2 ** 20; // what Node holds before anything is imported
    const { total } = trainingMemory({ family, config }, { batchSize });
    expect(measured / total).toBeGreaterThan(0.7);
    expect(measured / total).toBeLessThan(1.3);
  });

  it('is told of a context that fits in no memory, in an instant', () => {
    const config = gpt2({ vocabSize: 75, contextLength: 10_000_000, embDim: 64, nHeads: 2, nLayers: 2 });
    expect(trainingMemory(config, { batchSize: 12 }).total).toBeGreaterThan(2 ** 40);
  });

  it('adds up, and grows as it should', () => {
    const small = { vocabSize: 100, contextLength: 32, embDim: 32, nHeads: 2 };
    const of = (nLayers: number, batchSize: number, windowLength?: number) =>
      trainingMemory(gpt2({ ...small, nLayers }), { batchSize, windowLength });
    const { weights, gradients, moments, activations, program, total } = of(3, 4);
    expect(weights + gradients + moments + activations + program).toBe(total);
    expect([weights, moments]).toEqual([2 * gradients, 2 * gradients]);
    expect(of(3, 8).activations / activations).toBeCloseTo(2, 1);
    expect(of(3, 4, 16).activations).toBeLessThan(activations / 1.9);
    expect(of(5, 4).activations - of(4, 4).activations).toBeCloseTo(of(4, 4).activations - activations, -1);
  });

  it('depends on what the optimizer remembers', () => {
    const model = gpt2({ vocabSize: 100, contextLength: 32, embDim: 32, nHeads: 2, nLayers: 5 });
    const of = (optimizer: OptimizerName, momentum?: number) =>
      trainingMemory(model, { batchSize: 4, optimizer, momentum });
    const { gradients, moments } = of('adamw');
    expect(moments).toBe(2 * gradients);
    expect(of('sgd').moments).toBe(gradients);
    expect(of('sgd', 0).moments).toBe(0);
    const matrices = 5 * 12 * 32 ** 2;
    expect(of('muon').moments).toBe(2 * gradients - 4 * matrices);
    for (const name of ['sgd', 'muon'] as const) {
      const created = createModel('gpt2', model.config);
      const { state } = optimizerKinds[name].create(created.namedParameters(), {});
      const arrays = Object.values(state).flatMap((kind) => [...kind.values()]);
      expect(of(name).moments).toBe(arrays.reduce((sum, { byteLength }) => sum + byteLength, 0));
    }
  });

  it('takes no memory and no time for a model that fits nowhere', () => {
    const start = performance.now();
    const huge = { vocabSize: 50257, contextLength: 8192, embDim: 65536, nHeads: 64, nLayers: 1_000_000 };
    const { total } = trainingMemory(gpt2(huge), { batchSize: 1_000_000 });
    expect(total).toBeGreaterThan(1e20);
    expect(performance.now() - start).toBeLessThan(5000);
  });

  it('refuses impossible sizes in a sentence', () => {
    const model = gpt2({ vocabSize: 10, contextLength: 8, embDim: 4, nHeads: 1, nLayers: 1 });
    expect(() => trainingMemory(model, { batchSize: 0 })).toThrow('batchSize must be a whole number of at least 1');
    expect(() => trainingMemory(model, { batchSize: 1, windowLength: 9 })).toThrow('window length must be at most 8');
    expect(() => trainingMemory({ family: 'gpt', config: {} }, { batchSize: 1 })).toThrow('no model family');
  });
});
