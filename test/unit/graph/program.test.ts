import { describe, expect, it } from 'vitest';
import { encodeModel } from '../../../src/formats/onnx/encode.ts';
import { loadCount } from '../../../src/graph/executable-cache.ts';
import { lowerProgram } from '../../../src/graph/lower-program.ts';
import { Random } from '../../../src/random/random.ts';
import { defineComposite } from '../../../src/tensor/composite.ts';
import { fromArray, gelu, grad, linear, type Tensor, tensor, zeros } from '../../../src/tensor/index.ts';
import { programOf } from '../../support/program.ts';

const random = new Random(5);
const vector = (length: number) => fromArray(random.normals(length), [length]);
const stepNames = (...outputs: Tensor[]) => programOf(outputs).steps.map(({ node }) => node.operation.name);

/** How often an operator or constant name stands in the written model. */
const occurrences = (text: string, ...outputs: Tensor[]) =>
  Buffer.from(encodeModel(lowerProgram(programOf(outputs))))
    .toString('latin1')
    .split(text).length - 1;

describe('a program', () => {
  it('computes equal expressions once', () => {
    const [a, b] = [vector(3), vector(3)];
    expect(stepNames(a.add(b).mul(a.add(b)))).toEqual(['add', 'mul']);
    expect(programOf([a.exp(), a.exp()]).outputs).toEqual([1, 1]);
  });

  it('does not merge what differs in order, settings or leaf', () => {
    const [a, b] = [tensor([[1, 2]]), tensor([[1, 2]])];
    expect(stepNames(a.sub(b), b.sub(a))).toEqual(['sub', 'sub']);
    expect(stepNames(a.sum(0, true), a.sum(1, true))).toEqual(['sum', 'sum']);
    // Equal values, but either array may be written to later.
    expect(programOf([a.add(b)]).leaves).toHaveLength(2);
    expect(programOf([a.add(a)]).leaves).toHaveLength(1);
  });

  it('keeps +0 and -0 apart', async () => {
    const x = tensor([1]);
    const [plus, minus] = [x.div(x.mul(0).maximum(0)), x.div(-0)];
    expect(await plus.item()).toBe(Number.POSITIVE_INFINITY);
    expect(await minus.item()).toBe(Number.NEGATIVE_INFINITY);
    expect(stepNames(x.div(0), x.div(-0))).toEqual(['constant', 'div', 'constant', 'div']);
  });

  it('leaves out what no output needs', () => {
    const [a, b] = [vector(2), vector(2)];
    const product = a.mul(b);
    product.exp();
    expect(stepNames(product)).toEqual(['mul']);
    expect(programOf([a.neg()]).leaves).toHaveLength(1);
  });

  it('a gradient shares what the loss has computed', () => {
    const x = vector(4);
    const loss = x.tanh().sum();
    const names = stepNames(loss, ...grad(loss, [x]));
    expect(names.filter((name) => name === 'tanh')).toHaveLength(1);
  });

  it('starts at values that are known already', async () => {
    const known = vector(3).exp();
    await known.data();
    expect(stepNames(known.add(1))).toEqual(['constant', 'add']);
  });

  it('keeps composites whole that have an operator, and expands the others', async () => {
    const x = tensor([[1, 2]]);
    const layer = linear(x, zeros([3, 2]), zeros([3]));
    expect(stepNames(gelu(layer)).slice(-2)).toEqual(['linear', 'geluTanh']);

    const twice = defineComposite({ name: 'testTwice', definition: ([a]) => [a!.add(a!), a!.mul(a!)] });
    const [sum, product] = twice([x], {}) as [Tensor, Tensor];
    expect(stepNames(sum.add(product))).toEqual(['add', 'mul', 'add']);
    expect(await sum.add(product).array()).toEqual([[3, 8]]);
  });

  it('writes equal constants once', () => {
    const x = vector(3);
    const step = (y: Tensor) => y.mul(0.123).add(0.456);
    const two = step(step(x));
    const initializers = (...outputs: Tensor[]) => occurrences('c0', ...outputs);
    expect(programOf([two]).steps.filter(({ node }) => node.operation.name === 'constant')).toHaveLength(2);
    // The constant c0 is declared once and used twice; c2 would be a third constant.
    expect(initializers(two)).toBe(3);
    expect(occurrences('c2', two)).toBe(0);
  });

  it('may return a leaf, a constant and one value twice', async () => {
    const x = tensor([1, 2]);
    const [same, moved, fixed] = [x.reshape([2]), x.reshape([2, 1]), zeros([2])];
    expect(await same.array()).toEqual([1, 2]);
    expect(await moved.array()).toEqual([[1], [2]]);
    expect(await fixed.array()).toEqual([0, 0]);
  });

  it('is ordered without recursion: depth is no limit', async () => {
    let x = tensor(0);
    for (let i = 0; i < 5000; i++) x = x.add(tensor(1));
    expect(programOf([x]).steps).toHaveLength(5000);
    expect(grad(x, [x])).toHaveLength(1);
  });
});

describe('the cache of loaded graphs', () => {
  it('loads a structure once, whatever the data', async () => {
    const run = (a: Tensor, b: Tensor) => a.mul(b).sum().sub(0.625).item();
    await run(tensor([1, 2, 3]), tensor([1, 1, 1]));
    const before = loadCount();
    expect(await run(tensor([4, 5, 6]), tensor([1, 0, 2]))).toBeCloseTo(15.375);
    expect(await run(vector(3), vector(3))).toEqual(expect.any(Number));
    expect(loadCount()).toBe(before);
  });

  it('loads anew for another shape, type, constant or wiring', async () => {
    const cases: (() => Tensor)[] = [
      () => vector(3).mul(vector(3)).sub(0.71),
      () => vector(4).mul(vector(4)).sub(0.71),
      () => vector(4).mul(vector(4)).sub(0.72),
      () => vector(4).to('int32').mul(vector(4).to('int32')).sub(1),
      () => {
        const x = vector(4);
        return x.mul(x).sub(0.71);
      },
    ];
    for (const make of cases) {
      const before = loadCount();
      await make().data();
      expect(loadCount()).toBe(before + 1);
    }
  });

  it('goes on after a graph that could not be run', async () => {
    const bad = fromArray(Int32Array.of(9), [1], 'ids');
    const table = tensor([[1], [2]]);
    await expect(table.rows(bad).data()).rejects.toThrow('ids holds 9');
    expect(await table.rows(fromArray(Int32Array.of(1), [1])).array()).toEqual([[2]]);
  });
});
