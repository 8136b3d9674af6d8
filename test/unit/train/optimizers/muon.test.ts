import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Linear, normalInit, Parameter } from '../../../../src/nn/index.ts';
import { Random } from '../../../../src/random/random.ts';
import { fromArray } from '../../../../src/tensor/index.ts';
import { RandomWindows } from '../../../../src/text/index.ts';
import { AdamW, clipScale, Muon, type MuonOptions, nextToken, Trainer } from '../../../../src/train/index.ts';
import { tinyModel, weightBits } from '../../../support/tiny.ts';

/** Two shapes of matrices in turn, a stack of matrices, and parameters that are AdamW's. */
const shapes: Record<string, number[]> = {
  'embedding.weight': [6, 4],
  'blocks.0.first.weight': [4, 4],
  'blocks.0.first.bias': [4],
  'blocks.0.second.weight': [8, 4],
  'blocks.1.first.weight': [4, 4],
  'blocks.1.heads.weight': [3, 2, 4],
  'blocks.1.narrow.weight': [1, 5],
  'head.weight': [6, 4],
};

function randomParameters(random: Random, scale = 1) {
  const parameters = new Map(
    Object.entries(shapes).map(([path, shape]) => [path, new Parameter(shape, normalInit(scale))] as const),
  );
  for (const parameter of parameters.values()) parameter.initialize(random);
  return parameters;
}

type Matrix = number[][];

const product = (a: Matrix, b: Matrix): Matrix =>
  a.map((row) => b[0]!.map((_, j) => row.reduce((sum, x, k) => sum + x * b[k]![j]!, 0)));
const transposed = (a: Matrix): Matrix => a[0]!.map((_, j) => a.map((row) => row[j]!));
const combined = (a: Matrix, b: Matrix, f: (x: number, y: number) => number): Matrix =>
  a.map((row, i) => row.map((x, j) => f(x, b[i]![j]!)));

/** The published iteration with plain loops, in float64: a tall matrix is turned on its side. */
function newtonSchulz(matrix: Matrix): Matrix {
  if (matrix.length > matrix[0]!.length) return transposed(newtonSchulz(transposed(matrix)));
  const norm = Math.hypot(...matrix.flat()) + 1e-7;
  let x = matrix.map((row) => row.map((value) => value / norm));
  for (let step = 0; step < 5; step++) {
    const gram = product(x, transposed(x));
    const factor = combined(gram, product(gram, gram), (a, a2) => -4.775 * a + 2.0315 * a2);
    x = combined(x, product(factor, x), (value, added) => 3.4445 * value + added);
  }
  return x;
}

/** Muon of one matrix, in float64. */
function muonReference(start: Matrix, options: MuonOptions) {
  const { momentum, nesterov, weightDecay } = options;
  let [values, moment] = [start, start.map((row) => row.map(() => 0))];
  const update = (gradient: Matrix, learningRate: number) => {
    moment = combined(moment, gradient, (m, g) => momentum * m + (1 - momentum) * g);
    const direction = nesterov ? combined(moment, gradient, (m, g) => momentum * m + (1 - momentum) * g) : moment;
    const rate = learningRate * 0.2 * Math.sqrt(Math.max(start.length, start[0]!.length));
    values = combined(values, newtonSchulz(direction), (p, o) => p * (1 - learningRate * weightDecay) - rate * o);
  };
  return { update, values: () => values };
}

/** The matrices of an array with a shape such as [3, 2, 4]: three of two rows. */
function matricesOf(array: ArrayLike<number>, shape: readonly number[]): Matrix[] {
  const [rows, columns] = shape.slice(-2) as [number, number];
  return Array.from({ length: array.length / (rows * columns) }, (_, m) =>
    Array.from({ length: rows }, (_, i) =>
      Array.from({ length: columns }, (_, j) => array[(m * rows + i) * columns + j]!),
    ),
  );
}

const isMuons = (path: string) => /\.\d\..*weight$/.test(path);

describe('Muon', () => {
  it('makes the same updates as plain loops in float64, and AdamW makes the rest', async () => {
    const options = fc
      .record({
        momentum: fc.constantFrom(0, 0.8, 0.95),
        nesterov: fc.boolean(),
        weightDecay: fc.constantFrom(0, 0.1, 1),
        betas: fc.constant<[number, number]>([0.8, 0.9]),
        eps: fc.constant(1e-8),
      })
      .filter(({ momentum, nesterov }) => momentum > 0 || !nesterov);
    const scales = fc.array(fc.constantFrom(1e-3, 1, 10), { minLength: 1, maxLength: 4 });
    const maxNorms = fc.constantFrom(1, Number.POSITIVE_INFINITY);
    await fc.assert(
      fc.asyncProperty(fc.integer(), options, scales, maxNorms, async (seed, options, scales, maxNorm) => {
        const parameters = randomParameters(new Random(seed));
        const muon = new Muon(parameters, options);
        const { betas, eps, weightDecay } = options;
        const others = randomParameters(new Random(seed)); // of equal values
        for (const [path, parameter] of others) parameter.trainable = !isMuons(path);
        const adamW = new AdamW(others, { betas, eps, weightDecay });
        const references = [...parameters]
          .filter(([path]) => isMuons(path))
          .map(([path, { value, shape }]) => ({
            path,
            shape,
            matrices: matricesOf(value, shape).map((matrix) => muonReference(matrix, options)),
          }));
        const random = new Random(seed + 1);
        for (const scale of scales) {
          for (const gradient of muon.gradients.values()) gradient.set(random.normals(gradient.length, scale));
          const norm = await muon.gradientNorm();
          const expected = Math.hypot(...[...muon.gradients.values()].flatMap((gradient) => [...gradient]));
          expect(Math.abs(norm / expected - 1)).toBeLessThan(1e-6);
          const clip = clipScale(norm, maxNorm);
          for (const { path, shape, matrices } of references) {
            const clipped = matricesOf(
              muon.gradients.get(path)!.map((g) => g * clip),
              shape,
            );
            for (const [i, { update }] of matrices.entries()) update(clipped[i]!, 0.01);
          }
          for (const [path, gradient] of adamW.gradients) gradient.set(muon.gradients.get(path)!);
          await muon.update({ learningRate: 0.01, gradientScale: clip });
          await adamW.update({ learningRate: 0.01, gradientScale: clip });
        }
        for (const { path, matrices } of references) {
          const expected = matrices.flatMap(({ values }) => values().flat());
          parameters.get(path)!.value.forEach((x, i) => {
            expect(Math.abs(x - expected[i]!)).toBeLessThan(1e-4);
          });
        }
        for (const [path, { value }] of others) if (!isMuons(path)) expect(parameters.get(path)!.value).toEqual(value);
      }),
      { numRuns: 15 },
    );
  });

  it('remembers one number for each element of a matrix, and two for the rest', () => {
    const { parameters, gradients, state } = new Muon(randomParameters(new Random(1)));
    expect([...parameters.keys()]).toEqual(Object.keys(shapes));
    expect([...gradients.keys()]).toEqual(Object.keys(shapes));
    expect(Object.keys(state)).toEqual(['momentum', 'firstMoment', 'secondMoment']);
    expect(new Set(state.momentum!.keys())).toEqual(new Set(Object.keys(shapes).filter(isMuons)));
    const rest = Object.keys(shapes).filter((path) => !isMuons(path));
    for (const kind of ['firstMoment', 'secondMoment']) expect([...state[kind]!.keys()]).toEqual(rest);
  });

  it('updates many large matrices piece by piece, as it would update each by itself', async () => {
    const make = (count: number, first = 0) => {
      const random = new Random(4);
      const parameters = new Map<string, Parameter>();
      for (let i = 0; i < first + count; i++) {
        const { weight } = new Linear(400, 300, { bias: false });
        weight.initialize(random);
        if (i >= first) parameters.set(`${i}.weight`, weight);
      }
      return parameters;
    };
    const step = async (parameters: Map<string, Parameter>) => {
      const muon = new Muon(parameters);
      for (const [path, gradient] of muon.gradients) {
        gradient.set(new Random(Number.parseInt(path, 10)).normals(gradient.length, 1));
      }
      await muon.update({ learningRate: 0.1 });
    };
    const together = make(7);
    await step(together);
    const alone = make(1, 6);
    await step(alone);
    together.get('6.weight')!.value.forEach((x, i) => {
      expect(Math.abs(x - alone.get('6.weight')!.value[i]!)).toBeLessThan(1e-5);
    });
  });

  it('leaves frozen parameters alone, and keeps a matrix without gradient but for its decay', async () => {
    const parameters = randomParameters(new Random(1));
    for (const path of ['blocks.0.first.weight', 'head.weight']) parameters.get(path)!.trainable = false;
    const before = new Map([...parameters].map(([path, { value }]) => [path, value.slice()]));
    const muon = new Muon(parameters, { weightDecay: 0.5 });
    muon.gradients.get('blocks.1.first.weight')!.fill(1);
    await muon.update({ learningRate: 0.1 });
    for (const path of ['blocks.0.first.weight', 'head.weight', 'blocks.0.first.bias']) {
      expect(parameters.get(path)!.value).toEqual(before.get(path));
    }
    expect(parameters.get('blocks.0.second.weight')!.value).toEqual(
      before.get('blocks.0.second.weight')!.map((x) => Math.fround(x * Math.fround(0.95))),
    );
    expect(parameters.get('blocks.1.first.weight')!.value).not.toEqual(before.get('blocks.1.first.weight'));
  });

  it('lets the caller choose the matrices', () => {
    const orthogonalizes = (path: string) => path.startsWith('head');
    const { state } = new Muon(randomParameters(new Random(1)), { orthogonalizes });
    expect([...state.momentum!.keys()]).toEqual(['head.weight']);
    const all = new Muon(new Map([['weight', new Parameter([2, 2], normalInit(1))]]), { orthogonalizes: () => true });
    expect(Object.keys(all.state)).toEqual(['momentum']);
  });

  it('says so if there is no matrix for it', () => {
    const model = tinyModel();
    for (const block of model.blocks) block.freeze();
    expect(() => new Muon(model.namedParameters())).toThrow('there is no matrix for Muon');
  });

  it.each([[true], [false]])('trains a GPT-2, head tied: %s, and repeats every bit', async (tiedHead) => {
    const letters = Uint16Array.from({ length: 400 }, (_, i) => (3 * i) % 8);
    const run = async () => {
      const model = tinyModel({ tiedHead, nLayers: 2 });
      const trainer = new Trainer({
        model,
        objective: nextToken,
        batches: new RandomWindows(letters, { batchSize: 4, windowLength: 8 }, new Random(3)),
        optimizer: new Muon(model.namedParameters()),
        learningRate: 1e-2,
        maxGradNorm: 1,
        gradientAccumulation: 2,
      });
      const losses: number[] = [];
      for (let step = 0; step < 20; step++) losses.push((await trainer.trainStep()).loss);
      return { losses, weights: weightBits(model), optimizer: trainer.optimizer };
    };
    const { losses, weights, optimizer } = await run();
    const repeated = await run();
    expect([repeated.losses, repeated.weights]).toEqual([losses, weights]);
    expect([...optimizer.state.momentum!.keys()].every((path) => path.startsWith('blocks.'))).toBe(true);
    expect(optimizer.state.momentum!.size).toBe(12);
    expect(optimizer.state.firstMoment!.has('head.weight')).toBe(!tiedHead);
    expect(losses.at(-1)!).toBeLessThan(losses[0]! / 2);
  });

  it('goes on from arrays that parameters were given meanwhile', async () => {
    const parameters = randomParameters(new Random(1));
    const muon = new Muon(parameters, { weightDecay: 0 });
    parameters.get('blocks.0.first.weight')!.value = new Float32Array(16).fill(3);
    await muon.update({ learningRate: 0.1 });
    expect(parameters.get('blocks.0.first.weight')!.value).toEqual(new Float32Array(16).fill(3));
    expect(await fromArray(parameters.get('blocks.0.first.weight')!.value, [16]).sum().item()).toBe(48);
  });
});
