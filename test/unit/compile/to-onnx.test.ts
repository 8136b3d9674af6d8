import * as ort from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { bake, toOnnx } from '../../../src/compile/index.ts';
import { factorsOf, openLengths } from '../../../src/core/open-length.ts';
import { encodeModel } from '../../../src/formats/onnx/encode.ts';
import type { OnnxModel } from '../../../src/formats/onnx/model.ts';
import { lowerProgram } from '../../../src/graph/lower-program.ts';
import { Parameter, zerosInit } from '../../../src/nn/index.ts';
import { arange, concat, rmsNorm, type Tensor, tensor } from '../../../src/tensor/index.ts';
import { int64 } from '../../support/onnx-session.ts';
import { programOf } from '../../support/program.ts';

const { batch, time, past, total, selected } = openLengths;

const floats = (name: string, shape: readonly number[]) => ({ name, shape, dtype: 'float32' }) as const;
const integers = (name: string, shape: readonly number[]) => ({ name, shape, dtype: 'int32' }) as const;
const wide = (name: string, shape: readonly number[]) => ({ ...integers(name, shape), onnxType: 'int64' }) as const;

const float32 = (values: readonly number[], shape: readonly number[]) =>
  new ort.Tensor('float32', Float32Array.from(values), shape);

/** The results of a model as plain arrays. It runs without any of this project's code. */
async function run(model: OnnxModel, feeds: Record<string, ort.Tensor>): Promise<Record<string, number[]>> {
  const session = await ort.InferenceSession.create(encodeModel(model));
  expect(session.inputNames).toEqual(model.inputs.map(({ name }) => name));
  const results = await session.run(feeds);
  await session.release();
  return Object.fromEntries(
    Object.entries(results).map(([name, { data }]) => [name, Array.from(data as Float32Array, Number)]),
  );
}

describe('a model for other programs', () => {
  it('has the inputs and outputs it was asked for, in their order and by their names, and no others', async () => {
    const model = toOnnx([floats('b', [2]), floats('a', [2]), floats('unused', [3])], (b, a) => ({
      difference: a!.sub(b!),
      sum: a!.add(b!),
    }));
    const feeds = { a: float32([5, 6], [2]), b: float32([1, 2], [2]), unused: float32([0, 0, 0], [3]) };
    expect(await run(model, feeds)).toEqual({ difference: [4, 4], sum: [6, 8] });
    expect(model.outputs.map(({ name }) => name)).toEqual(['difference', 'sum']);
  });

  it('may return an input, a constant, and the same value twice', async () => {
    const weight = new Parameter([2], zerosInit).named('weight');
    weight.value.set([7, 8]);
    const model = toOnnx([floats('x', [2])], (x) => ({ same: x!, weight2: weight, y: x!.neg(), z: x!.neg() }));
    expect(await run(model, { x: float32([1, 2], [2]) })).toEqual({
      same: [1, 2],
      weight2: [7, 8],
      y: [-1, -2],
      z: [-1, -2],
    });
  });

  it('takes whole numbers as int64 and computes with int32', async () => {
    const table = tensor([[1, 2], [3, 4], [5, 6]]).named('table'); // biome-ignore format: rows
    const model = toOnnx([wide('ids', [time]), integers('offset', [])], (ids, offset) => ({
      rows: table.rows(ids!.add(offset!)),
    }));
    expect(model.inputs.map(({ type }) => type)).toEqual(['int64', 'int32']);
    const feeds = { ids: int64([1, 0, 1], [3]), offset: new ort.Tensor('int32', Int32Array.of(1), []) };
    expect(await run(model, feeds)).toEqual({ rows: [5, 6, 3, 4, 5, 6] });
  });

  it('calls its weights by their names, which stand for numbers as they are now', async () => {
    const weight = new Parameter([2, 2], zerosInit).named('head.weight');
    weight.value.set([1, 2, 3, 4]);
    const twin = new Parameter([2], zerosInit).named('head.weight');
    const model = toOnnx([floats('x', [batch, 2])], (x) => ({ y: x!.matmul(weight).add(twin) }));
    expect(model.initializers.map(({ name }) => name)).toEqual(['head.weight', 'constant1']);
    weight.value = Float32Array.of(0, 0, 0, 0);
    expect(await run(model, { x: float32([1, 1, 0, 1], [2, 2]) })).toEqual({ y: [4, 6, 3, 4] });
  });

  it('refuses names that do not tell inputs and outputs apart', () => {
    expect(() => toOnnx([floats('x', [1])], (x) => ({ x: x!.neg() }))).toThrow('names of their own: x, x');
  });

  it('has only operators of ONNX itself, where our own has one of ONNX Runtime', async () => {
    const [x, weight] = [tensor([[3, 4]]), tensor([1, 2])];
    const operators = (bytes: Uint8Array) => Buffer.from(bytes).toString('latin1');
    const ours = operators(encodeModel(lowerProgram(programOf([rmsNorm(x, weight, 0)]))));
    expect(ours).toContain('SimplifiedLayerNormalization');
    const model = toOnnx([floats('x', [1, 2])], (row) => ({ y: rmsNorm(row!, weight, 0) }));
    const file = operators(encodeModel(model));
    expect(file).not.toContain('SimplifiedLayerNormalization');
    expect(file).not.toContain('com.microsoft');
    expect(file).not.toContain('sequence');
    const { y } = await run(model, { x: float32([3, 4], [1, 2]) });
    expect(y![0]).toBeCloseTo(3 / Math.sqrt(12.5), 6);
    expect(y![1]).toBeCloseTo(8 / Math.sqrt(12.5), 6);
  });
});

describe('open lengths', () => {
  it('are told apart in products, and past + time = total', () => {
    expect(past + time).toBe(total);
    const all = Object.entries(openLengths);
    for (const [name, length] of all) {
      expect(factorsOf(length)).toEqual({ known: 1, names: [name] });
      for (const [other, otherLength] of all) {
        const { known, names } = factorsOf(12 * length * otherLength);
        expect({ known, names: names.sort() }).toEqual({ known: 12, names: [name, other].sort() });
      }
    }
  });

  it('count, join, take apart and multiply as known ones do', async () => {
    const inputs = [floats('old', [batch, past]), floats('new', [batch, time]), floats('all', [total])];
    const model = toOnnx(inputs, (before, now, all) => {
      const joined = concat([before!, now!], 1).add(all!); // [batch, total]
      return {
        joined,
        last: joined.slice(null, [past]), // [batch, time]
        first: joined.slice(null, [0, past]),
        flat: joined.reshape([batch * total]),
        counted: arange(batch * total).to('float32'),
        places: arange(total).slice([past]).to('float32'),
      };
    });
    const feeds = {
      old: float32([1, 2, 3, 4, 5, 6], [2, 3]),
      new: float32([7, 8], [2, 1]),
      all: float32([10, 20, 30, 40], [4]),
    };
    const joined = [11, 22, 33, 47, 14, 25, 36, 48];
    expect(await run(model, feeds)).toEqual({
      ...{ joined, flat: joined, last: [47, 48], first: [11, 22, 33, 14, 25, 36] },
      ...{ counted: [0, 1, 2, 3, 4, 5, 6, 7], places: [3] },
    });
    const empty = { ...feeds, old: float32([], [2, 0]), all: float32([10], [1]) };
    expect(await run(model, empty)).toEqual({
      ...{ joined: [17, 18], flat: [17, 18], last: [17, 18], first: [], counted: [0, 1], places: [0] },
    });
  });

  it('can be counted in graphs that we run ourselves', async () => {
    const graph = bake([integers('x', [time])], (x) => [x!.mul(arange(time))]);
    expect(await graph.run([Int32Array.of(5, 5, 5)], { time: 3 })).toEqual([Int32Array.of(0, 5, 10)]);
    expect(await graph.run([Int32Array.of(5)], { time: 1 })).toEqual([Int32Array.of(0)]);
    await graph.dispose();
  });

  it('must be seen in an input', () => {
    const count = (x: Tensor) => ({ y: arange(selected).to('float32').add(x) });
    expect(() => toOnnx([floats('x', [2 * selected])], (x) => count(x!.sum()))).toThrow('the length "selected"');
  });
});
