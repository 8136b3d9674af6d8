import { describe, expect, it } from 'vitest';
import { type Linear, Module, normalInit, Parameter, zerosInit } from '../../../src/nn/index.ts';
import { Random } from '../../../src/random/random.ts';
import { fromArray, linear, type Tensor } from '../../../src/tensor/index.ts';
import { RandomWindows, splitTrainValidation } from '../../../src/text/index.ts';
import { AdamW, nextToken, Trainer, textTrainer } from '../../../src/train/index.ts';
import { tinyModel, tinyOptions, weightBits } from '../../support/tiny.ts';

/** W x + B A x: a frozen layer and a correction of low rank, which alone is trained (Hu et al., 2021). */
class LoRA extends Module {
  readonly base: Linear;
  readonly down: Parameter; // A: [rank, inFeatures]
  readonly up: Parameter; // B: [outFeatures, rank], 0 at first: the layer begins as it was

  constructor(base: Linear, rank: number) {
    super();
    this.base = base.freeze();
    const [outFeatures, inFeatures] = base.weight.shape as [number, number];
    this.down = new Parameter([rank, inFeatures], normalInit(1 / Math.sqrt(inFeatures)));
    this.up = new Parameter([outFeatures, rank], zerosInit);
  }

  forward(x: Tensor): Tensor {
    return this.base.forward(x).add(linear(linear(x, this.down), this.up)); // [..., outFeatures]
  }
}

/** Letters that repeat themselves, with the given distance from one to the next. */
function letters(distance: number) {
  return splitTrainValidation(
    Uint16Array.from({ length: 600 }, (_, i) => (i * distance) % 8),
    0.2,
  );
}

describe('a LoRA layer', () => {
  it('learns a new text while the weights below stay constant', async () => {
    const model = tinyModel({ nLayers: 2 });
    const pretraining = textTrainer(model, letters(1), { ...tinyOptions, steps: 60 });
    for (let step = 0; step < 60; step++) await pretraining.trainStep();
    const before = weightBits(model);
    const lossOn = (distance: number) => {
      const { validation } = letters(distance);
      const windows = new RandomWindows(validation, { batchSize: 8, windowLength: 8 }, new Random(1)).next();
      const [tokens, targets] = [windows.tokens, windows.targets].map(({ data, shape }) => fromArray(data, shape));
      return model.loss(tokens!, targets!).item();
    };
    const learnt = await lossOn(1);
    const unknown = await lossOn(3);

    model.freeze();
    for (const [path, part] of model.namedModules()) {
      if (/attention\.(query|key|value|output)$|feedForward\.(expand|contract)$/.test(path)) {
        model.replace(path, new LoRA(part as Linear, 4));
      }
    }
    expect(await lossOn(1)).toBe(learnt); // B = 0

    const optimizer = new AdamW(model.namedParameters(), { betas: [0.9, 0.99] });
    const trainable = [...model.namedParameters()].filter(([, parameter]) => parameter.trainable);
    expect(trainable.map(([path]) => path.split('.').at(-1))).toEqual(Array(12).fill(['down', 'up']).flat());
    // No gradient and no moments for anything else.
    const { gradients, state } = optimizer;
    for (const arrays of [gradients, state.firstMoment, state.secondMoment]) {
      const sizes = [...arrays].map(([path, array]) => [path, array.length]);
      expect(sizes).toEqual(trainable.map(([path, { size }]) => [path, size]));
    }
    const trainer = new Trainer({
      model,
      objective: nextToken,
      batches: new RandomWindows(letters(3).train, { batchSize: 4, windowLength: 8 }, new Random(3)),
      optimizer,
      learningRate: 2e-2,
      maxGradNorm: 1,
    });
    for (let step = 0; step < 150; step++) await trainer.trainStep();

    const after = weightBits(model);
    for (const [path, bits] of Object.entries(before)) {
      expect(after[path] ?? after[path.replace(/\.(\w+)$/, '.base.$1')], path).toBe(bits);
    }
    expect(unknown).toBeGreaterThan(2);
    expect(await lossOn(3)).toBeLessThan(unknown / 3);
  });
});
