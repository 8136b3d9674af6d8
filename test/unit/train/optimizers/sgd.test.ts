import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { normalInit, Parameter } from '../../../../src/nn/index.ts';
import { Random } from '../../../../src/random/random.ts';
import { clipScale, SGD, type SGDOptions } from '../../../../src/train/index.ts';

const shapes = { vector: [3], matrix: [5, 7], stack: [2, 3, 4] };

function randomParameters(random: Random) {
  const parameters = new Map(
    Object.entries(shapes).map(([path, shape]) => [path, new Parameter(shape, normalInit(1))] as const),
  );
  for (const parameter of parameters.values()) parameter.initialize(random);
  return parameters;
}

/** SGD as PyTorch documents it, one element after the other, in float64; its momentum begins with the first gradient. */
function sgdReference(start: readonly Float32Array[], decays: readonly boolean[], options: SGDOptions) {
  const values = start.map((array) => Float64Array.from(array));
  const momenta: Float64Array[] = [];
  const update = (gradients: readonly Float32Array[], learningRate: number, maxNorm: number) => {
    const norm = Math.sqrt(gradients.reduce((sum, array) => sum + array.reduce((part, g) => part + g * g, 0), 0));
    const clip = Math.min(1, maxNorm / (norm + 1e-6));
    for (const [a, array] of values.entries()) {
      const g = Float64Array.from(
        gradients[a]!,
        (x, i) => clip * x + (decays[a] ? options.weightDecay * array[i]! : 0),
      );
      momenta[a] = momenta[a]?.map((m, i) => options.momentum * m + g[i]!) ?? g.slice();
      array.forEach((p, i) => {
        const direction = options.nesterov ? g[i]! + options.momentum * momenta[a]![i]! : momenta[a]![i]!;
        array[i] = p - learningRate * direction;
      });
    }
  };
  return { values, update };
}

describe('SGD', () => {
  it('makes the same updates as plain loops in float64, with and without clipping', async () => {
    const options = fc
      .record({
        momentum: fc.constantFrom(0, 0.5, 0.9),
        nesterov: fc.boolean(),
        weightDecay: fc.constantFrom(0, 0.01, 0.5),
      })
      .filter(({ momentum, nesterov }) => momentum > 0 || !nesterov);
    const scales = fc.array(fc.constantFrom(1e-6, 0.01, 1, 10), { minLength: 1, maxLength: 6 });
    const maxNorms = fc.constantFrom(0.01, 1, Number.POSITIVE_INFINITY);
    await fc.assert(
      fc.asyncProperty(options, scales, maxNorms, async (options, scales, maxNorm) => {
        const random = new Random(1);
        const parameters = randomParameters(random);
        const start = [...parameters.values()].map(({ value }) => value.slice());
        const reference = sgdReference(start, [false, true, true], options);
        const optimizer = new SGD(parameters, options);
        for (const scale of scales) {
          const gradients = [...optimizer.gradients.values()];
          for (const gradient of gradients) gradient.set(random.normals(gradient.length, scale));
          reference.update(gradients, 0.05, maxNorm);
          const gradientScale = clipScale(await optimizer.gradientNorm(), maxNorm);
          await optimizer.update({ learningRate: 0.05, gradientScale });
        }
        for (const [a, { value }] of [...parameters.values()].entries()) {
          value.forEach((x, i) => {
            expect(Math.abs(x - reference.values[a]![i]!)).toBeLessThan(1e-5);
          });
        }
      }),
      { numRuns: 30 },
    );
  });

  it('remembers one number for each element, or none without momentum', () => {
    const parameters = randomParameters(new Random(1));
    parameters.get('matrix')!.trainable = false;
    const { momentum } = new SGD(parameters).state;
    expect([...momentum!].map(([path, { length }]) => [path, length])).toEqual([
      ['vector', 3],
      ['stack', 24],
    ]);
    expect(new SGD(parameters, { momentum: 0 }).state).toEqual({});
  });

  it('leaves frozen parameters alone', async () => {
    const parameters = randomParameters(new Random(1));
    const { value } = parameters.get('matrix')!;
    const before = value.slice();
    parameters.get('matrix')!.trainable = false;
    const optimizer = new SGD(parameters, { weightDecay: 0.5 });
    for (const gradient of optimizer.gradients.values()) gradient.fill(1);
    await optimizer.update({ learningRate: 0.1 });
    expect(parameters.get('matrix')!.value).toEqual(before);
    expect([...optimizer.parameters.keys()]).toEqual(['vector', 'stack']);
  });

  it.each([
    [{ momentum: 1 }, 'momentum must be at least 0 and below 1, but is 1'],
    [{ momentum: Number.NaN }, 'momentum must be at least 0 and below 1, but is NaN'],
    [{ nesterov: true, momentum: 0 }, 'nesterov looks ahead along the momentum, but momentum is 0'],
    [{ weightDecay: -1 }, 'weightDecay must be a number of at least 0, but is -1'],
  ])('refuses %j', (options, message) => {
    expect(() => new SGD(randomParameters(new Random(1)), options)).toThrow(message);
  });
});
