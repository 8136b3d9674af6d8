import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TsgptError } from '../../../../src/core/errors.ts';
import { Module, normalInit, Parameter } from '../../../../src/nn/index.ts';
import { Random } from '../../../../src/random/random.ts';
import { AdamW, type AdamWOptions, clipScale, defaultAdamW } from '../../../../src/train/index.ts';

/** A vector before a matrix before a vector: the optimizer's own arrays have the matrix first. */
class Weights extends Module {
  readonly before: Parameter;
  readonly matrix: Parameter;
  readonly after: Parameter;

  constructor(before: number, matrix: readonly [number, number], after: number, random: Random) {
    super();
    this.before = new Parameter([before], normalInit(1));
    this.matrix = new Parameter(matrix, normalInit(1));
    this.after = new Parameter([after], normalInit(1));
    for (const parameter of this.parameters()) parameter.initialize(random);
  }
}

type ClippedAdamWOptions = AdamWOptions & { maxGradNorm: number };
const clippedAdamW: ClippedAdamWOptions = { ...defaultAdamW, maxGradNorm: 1 };

/** AdamW and clipping as PyTorch documents them, one element after the other, in float64. */
function adamW(start: readonly Float32Array[], decays: readonly boolean[], options: ClippedAdamWOptions) {
  const { betas, eps, weightDecay, maxGradNorm } = options;
  const values = start.map((array) => Float64Array.from(array));
  const first = start.map((array) => new Float64Array(array.length));
  const second = start.map((array) => new Float64Array(array.length));
  let step = 0;
  const update = (gradients: readonly Float32Array[], learningRate: number): number => {
    step++;
    let squares = 0;
    for (const gradient of gradients) for (const g of gradient) squares += g * g;
    const norm = Math.sqrt(squares);
    const clip = Math.min(1, maxGradNorm / (norm + 1e-6));
    for (const [a, array] of values.entries()) {
      for (let i = 0; i < array.length; i++) {
        const g = gradients[a]![i]! * clip;
        if (decays[a]) array[i]! *= 1 - learningRate * weightDecay;
        first[a]![i] = betas[0] * first[a]![i]! + (1 - betas[0]) * g;
        second[a]![i] = betas[1] * second[a]![i]! + (1 - betas[1]) * g * g;
        const mean = first[a]![i]! / (1 - betas[0] ** step);
        const meanSquare = second[a]![i]! / (1 - betas[1] ** step);
        array[i]! -= (learningRate * mean) / (Math.sqrt(meanSquare) + eps);
      }
    }
    return norm;
  };
  return { values, update };
}

/** Several updates with random gradients of the given sizes, both ways; returns the largest difference of a value. */
async function compare(model: Weights, options: ClippedAdamWOptions, scales: readonly number[], learningRate: number) {
  const start = model.parameters().map(({ value }) => value.slice());
  const reference = adamW(start, [false, true, false], options);
  const { betas, eps, weightDecay } = options;
  const optimizer = new AdamW(model.namedParameters(), { betas, eps, weightDecay });
  const random = new Random(5);
  for (const scale of scales) {
    const gradients = [...optimizer.gradients.values()];
    for (const gradient of gradients) gradient.set(random.normals(gradient.length, scale));
    const expected = reference.update(gradients, learningRate);
    const norm = await optimizer.gradientNorm();
    await optimizer.update({ learningRate, gradientScale: clipScale(norm, options.maxGradNorm) });
    expect(Math.abs(norm - expected) / expected).toBeLessThan(1e-5);
  }
  let largest = 0;
  for (const [a, { value }] of model.parameters().entries()) {
    value.forEach((x, i) => {
      largest = Math.max(largest, Math.abs(x - reference.values[a]![i]!));
    });
  }
  return largest;
}

describe('AdamW', () => {
  it('wants named parameters, not a model', () => {
    const model = new Weights(1, [2, 2], 1, new Random(0));
    // @ts-expect-error: a program in JavaScript can pass anything
    const make = () => new AdamW(model);
    expect(make).toThrow(TsgptError);
    expect(make).toThrow('takes a map of parameters, as from model.namedParameters(), but got a Weights');
  });

  it('makes the same updates as plain loops in float64', async () => {
    const options = fc.record({
      betas: fc.tuple(fc.constantFrom(0, 0.5, 0.9), fc.constantFrom(0.5, 0.95, 0.999)),
      eps: fc.constantFrom(1e-8, 1e-3),
      weightDecay: fc.constantFrom(0, 0.1, 0.5),
      maxGradNorm: fc.constantFrom(0.01, 1, 1000, Number.POSITIVE_INFINITY),
    });
    const scales = fc.array(fc.constantFrom(1e-6, 0.01, 1, 100), { minLength: 1, maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(options, scales, fc.constantFrom(1e-4, 1e-2), async (options, scales, learningRate) => {
        const model = new Weights(3, [5, 7], 4, new Random(1));
        expect(await compare(model, options, scales, learningRate)).toBeLessThan(2e-6);
      }),
      { numRuns: 20 },
    );
  });

  it('does so in models of millions of elements, matrices and vectors larger than any piece', async () => {
    const model = new Weights(3, [1100, 1001], 600_001, new Random(1));
    expect(await compare(model, clippedAdamW, [1, 0.1], 1e-2)).toBeLessThan(2e-6);
  });

  it('lets matrices decay, and nothing else', async () => {
    const model = new Weights(2, [2, 2], 2, new Random(1));
    const [before, matrix, after] = model.parameters().map(({ value }) => value.slice());
    await new AdamW(model.namedParameters(), { weightDecay: 0.5 }).update({ learningRate: 0.1 }); // by gradients of 0
    expect(model.before.value).toEqual(before);
    expect(model.after.value).toEqual(after);
    expect(model.matrix.value).toEqual(matrix!.map((x) => Math.fround(x * Math.fround(0.95))));
  });

  it('clips by the norm over all parameters together', async () => {
    const firstMoments = async (scale: number) => {
      const optimizer = new AdamW(new Weights(1, [1, 2], 1, new Random(1)).namedParameters(), { betas: [0, 0.9] });
      optimizer.gradients.get('before')!.set([3 * scale]);
      optimizer.gradients.get('matrix')!.set([1 * scale, 2 * scale]);
      optimizer.gradients.get('after')!.set([4 * scale]);
      const norm = await optimizer.gradientNorm();
      await optimizer.update({ learningRate: 0.1, gradientScale: clipScale(norm, 1) });
      expect(norm).toBeCloseTo(scale * Math.sqrt(30), 4);
      const { firstMoment } = optimizer.state;
      return ['matrix', 'before', 'after'].flatMap((name) => [...firstMoment.get(name)!]);
    };
    const clipped = [1, 2, 3, 4].map((x) => x / Math.sqrt(30));
    for (const scale of [1, 1000]) {
      for (const [i, moment] of (await firstMoments(scale)).entries()) expect(moment).toBeCloseTo(clipped[i]!, 6);
    }
    // Below the limit nothing changes.
    expect(await firstMoments(0.125)).toEqual([0.125, 0.25, 0.375, 0.5]);
  });

  it('goes on from arrays that parameters were given meanwhile', async () => {
    const run = async (replace: boolean) => {
      const model = new Weights(2, [2, 2], 2, new Random(1));
      const optimizer = new AdamW(model.namedParameters());
      for (const gradient of optimizer.gradients.values()) gradient.fill(0.5);
      if (replace) model.matrix.value = model.matrix.value.map((x) => x + 1);
      else
        model.matrix.value.forEach((x, i, value) => {
          value[i] = x + 1;
        });
      await optimizer.update({ learningRate: 0.1 });
      return model.parameters().map(({ value }) => [...value]);
    };
    expect(await run(true)).toEqual(await run(false));
  });

  it('leaves alone what is not trainable, and remembers nothing of it', async () => {
    const model = new Weights(2, [2, 2], 2, new Random(1));
    model.matrix.trainable = false;
    const before = model.matrix.value.slice();
    const optimizer = new AdamW(model.namedParameters());
    const { firstMoment, secondMoment } = optimizer.state;
    for (const map of [optimizer.parameters, optimizer.gradients, firstMoment, secondMoment]) {
      expect([...map.keys()]).toEqual(['before', 'after']);
    }
    for (const gradient of optimizer.gradients.values()) gradient.fill(0.5);
    await optimizer.update({ learningRate: 0.1 });
    expect(model.matrix.value).toEqual(before);
    model.before.trainable = false;
    model.after.trainable = false;
    expect(() => new AdamW(model.namedParameters())).toThrow('no parameter of the model is trainable');
  });
});
