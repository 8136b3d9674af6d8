import { describe, expect, it } from 'vitest';
import { GPT2 } from '../../../../src/models/index.ts';
import { Linear, Module, type Parameter } from '../../../../src/nn/index.ts';
import { tensor } from '../../../../src/tensor/index.ts';
import { FlatParameters } from '../../../../src/train/optimizers/flat-parameters.ts';

class TwoLayers extends Module {
  readonly first = new Linear(2, 3);
  readonly second = new Linear(3, 1);
}

describe('FlatParameters', () => {
  it('lays matrices first, then biases, each in the order of the model', () => {
    const model = new TwoLayers();
    const { first, second } = model;
    first.bias!.value.set([1, 2, 3]);
    second.bias!.value.set([4]);
    const expected = [first.weight, second.weight, first.bias!, second.bias!].flatMap(({ value }) => [...value]);
    const flat = new FlatParameters(model.namedParameters());
    expect([...flat.values]).toEqual(expected);
    expect(flat.groups).toEqual([
      { start: 0, end: 9 },
      { start: 9, end: 13 },
    ]);
    expect(flat.size).toBe(13);
    expect([...flat.parameters]).toEqual([...model.namedParameters()]);
  });

  it('lays parameters in other groups, each in the first that it fits', () => {
    const groups = [3, 1].map(
      (rows) =>
        ({ shape }: Parameter) =>
          shape[0] === rows,
    );
    const flat = new FlatParameters(new TwoLayers().namedParameters(), [...groups, () => true]);
    expect(flat.groups).toEqual([
      { start: 0, end: 9 },
      { start: 9, end: 13 },
      { start: 13, end: 13 },
    ]);
    expect([...flat.pieces()]).toEqual([
      { start: 0, end: 9, group: 0 },
      { start: 9, end: 13, group: 1 },
    ]);
  });

  it('is from then on the storage of the parameters', async () => {
    const model = new TwoLayers();
    const flat = new FlatParameters(model.namedParameters());
    for (const { value } of model.parameters()) expect(value.buffer).toBe(flat.values.buffer);
    const before = await model.first.forward(tensor([[1, 1]])).data();
    flat.values.fill(0);
    flat.values.set([5, 7], 0); // the first row of the first matrix
    expect(before).not.toEqual(Float32Array.of(12, 0, 0));
    expect(await model.first.forward(tensor([[1, 1]])).data()).toEqual(Float32Array.of(12, 0, 0));
  });

  it('gives views that share memory, each the length of its parameter', () => {
    const flat = new FlatParameters(new TwoLayers().namedParameters());
    const gradients = flat.allocate();
    expect([...new Set(gradients)]).toEqual([0]);
    [...flat.views(gradients)].forEach(([path, view], i) => {
      expect(view.length).toBe(flat.parameters.get(path)!.size);
      view.fill(i + 1);
    });
    // first.weight, second.weight, first.bias, second.bias are parameters 0, 2, 1 and 3.
    expect([...gradients]).toEqual([1, 1, 1, 1, 1, 1, 3, 3, 3, 2, 2, 2, 4]);
  });

  it('covers a whole model without gaps', () => {
    const config = { vocabSize: 9, contextLength: 4, embDim: 4, nHeads: 2, nLayers: 2, dropRate: 0 };
    const model = new GPT2({ ...config, qkvBias: true, tiedHead: false });
    const flat = new FlatParameters(model.namedParameters());
    expect(flat.size).toBe(model.parameterCount);
    const places = [...flat.views(flat.values).values()].map((view) => [
      view.byteOffset / 4,
      view.byteOffset / 4 + view.length,
    ]);
    places.sort(([a], [b]) => a! - b!);
    expect(places.map(([start]) => start)).toEqual([0, ...places.slice(0, -1).map(([, end]) => end)]);
    flat.parameters.forEach(({ shape, value }) => {
      expect(value.byteOffset / 4 < flat.groups[1]!.start).toBe(shape.length >= 2);
    });
  });
});
