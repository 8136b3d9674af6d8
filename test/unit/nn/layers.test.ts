import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Attention, Embedding, FeedForward, LayerNorm, Linear, type Parameter } from '../../../src/nn/index.ts';
import { Random } from '../../../src/random/random.ts';
import { fromArray, randn, relu, type Tensor } from '../../../src/tensor/index.ts';
import { forAll } from '../../support/arbitraries.ts';
import * as float64 from '../../support/float64.ts';

/** Random contents, so that no bias is 0 and no norm's weight 1. */
const fill = (parameters: readonly Parameter[], random: Random) => {
  for (const parameter of parameters) parameter.value = random.normals(parameter.size, 0.5);
};
const matrix = (parameter: Parameter) => float64.rowsOf(parameter.value, parameter.shape[1]!);
const rows = async (x: Tensor) => float64.rowsOf(await x.data(), x.shape.at(-1)!);

async function expectRows(actual: Tensor, expected: float64.Rows): Promise<void> {
  const values = await actual.data();
  expect(values.length).toBe(expected.flat().length);
  for (const [i, value] of expected.flat().entries()) expect(Math.abs(values[i]! - value)).toBeLessThan(2e-5);
}

const sizes = fc.record({
  batch: fc.integer({ min: 1, max: 3 }),
  time: fc.integer({ min: 1, max: 6 }),
  headDim: fc.integer({ min: 1, max: 4 }),
  nHeads: fc.integer({ min: 1, max: 3 }),
  seed: fc.nat(1000),
});

describe('layers against plain loops', () => {
  it('Linear, with and without bias', () =>
    forAll(sizes, async ({ batch, time, headDim, nHeads, seed }) => {
      const random = new Random(seed);
      for (const bias of [true, false]) {
        const layer = new Linear(headDim, nHeads, { bias });
        fill(layer.parameters(), random);
        const x = randn([batch, time, headDim], random);
        await expectRows(layer.forward(x), float64.linear(await rows(x), matrix(layer.weight), layer.bias?.value));
        expect(layer.forward(x).shape).toEqual([batch, time, nHeads]);
      }
    }));

  it('Embedding', () =>
    forAll(sizes, async ({ batch, time, headDim, seed }) => {
      const random = new Random(seed);
      const layer = new Embedding(7, headDim);
      const ids = Int32Array.from({ length: batch * time }, () => random.integer(7));
      const embedded = layer.forward(fromArray(ids, [batch, time]));
      expect(embedded.shape).toEqual([batch, time, headDim]);
      await expectRows(
        embedded,
        Array.from(ids, (id) => matrix(layer.weight)[id]!),
      );
    }));

  it('LayerNorm', () =>
    forAll(sizes, async ({ batch, time, headDim, seed }) => {
      const random = new Random(seed);
      const layer = new LayerNorm(headDim + 1);
      fill(layer.parameters(), random);
      const x = randn([batch, time, headDim + 1], random);
      await expectRows(layer.forward(x), float64.layerNorm(await rows(x), layer.weight.value, layer.bias.value));
    }));

  it('FeedForward: four times as wide within', () =>
    forAll(sizes, async ({ batch, time, headDim, seed }) => {
      const random = new Random(seed);
      const layer = new FeedForward(headDim);
      fill(layer.parameters(), random);
      const { expand, contract } = layer;
      expect(expand.weight.shape).toEqual([4 * headDim, headDim]);
      const x = randn([batch, time, headDim], random);
      const wide = float64.linear(await rows(x), matrix(expand.weight), expand.bias!.value);
      const bent = wide.map((row) => row.map(float64.gelu));
      await expectRows(layer.forward(x), float64.linear(bent, matrix(contract.weight), contract.bias!.value));
    }));

  it('FeedForward of another width, without biases, with another activation', () =>
    forAll(sizes, async ({ batch, time, headDim, seed }) => {
      const random = new Random(seed);
      const layer = new FeedForward(headDim, { hiddenDim: 5, bias: false, activation: relu });
      fill(layer.parameters(), random);
      expect(layer.parameters().map(({ shape }) => shape)).toEqual([[5, headDim], [headDim, 5]]); // biome-ignore format: one line
      const x = randn([batch, time, headDim], random);
      const wide = float64.linear(await rows(x), matrix(layer.expand.weight));
      const bent = wide.map((row) => row.map((value) => Math.max(0, value)));
      await expectRows(layer.forward(x), float64.linear(bent, matrix(layer.contract.weight)));
    }));

  it('Attention', () =>
    forAll(sizes, async ({ batch, time, headDim, nHeads, seed }) => {
      const random = new Random(seed);
      const embDim = headDim * nHeads;
      const layer = new Attention({ embDim, nHeads, qkvBias: seed % 2 === 0 });
      fill(layer.parameters(), random);
      const x = randn([batch, time, embDim], random);
      const projected = async (part: Linear) => float64.linear(await rows(x), matrix(part.weight), part.bias?.value);
      const [q, k, v] = await Promise.all([layer.query, layer.key, layer.value].map(projected));
      const attended = Array.from({ length: batch }, (_, b) => {
        const own = (all: float64.Rows) => all.slice(b * time, (b + 1) * time);
        return float64.causalAttention(own(q!), own(k!), own(v!), nHeads);
      }).flat();
      const expected = float64.linear(attended, matrix(layer.output.weight), layer.output.bias!.value);
      await expectRows(layer.forward(x), expected);
    }));
});
