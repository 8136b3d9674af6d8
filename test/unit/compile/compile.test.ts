import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compile } from '../../../src/compile/index.ts';
import { Parameter } from '../../../src/nn/index.ts';
import { fromArray, grad, type Tensor, tensor } from '../../../src/tensor/index.ts';
import { floats, forAll, shapeOf } from '../../support/arbitraries.ts';

const parameter = (...values: number[]) => {
  const made = new Parameter([values.length], () => Float32Array.from(values));
  return made.named('weight');
};

describe('compile', () => {
  it('traces once for each combination of shapes and types', async () => {
    let traced = 0;
    const f = compile((x) => {
      traced++;
      return [x!.mul(2)];
    });
    for (const x of [tensor([1]), tensor([5]), tensor([1, 2]), tensor([7, 8]), tensor([1], { dtype: 'int32' })]) {
      const [doubled] = await f(x);
      expect(await doubled!.array()).toEqual(Array.from(await x.data(), (value) => value * 2));
    }
    expect([traced, f.traceCount]).toEqual([3, 3]);
  });

  it('gives what lazy evaluation gives', () => {
    const f = (x: Tensor) => [x.tanh().sum(), ...grad(x.mul(x).tanh().sum(), [x]), x.gt(0)];
    const compiled = compile((x) => f(x!));
    return forAll(shapeOf().chain(floats), async (x) => {
      const [results, expected] = [await compiled(x), f(x)];
      for (const [i, result] of results.entries()) {
        expect([result.shape, result.dtype]).toEqual([expected[i]!.shape, expected[i]!.dtype]);
        expect(await result.data()).toEqual(await expected[i]!.data());
      }
    });
  });

  it('keeps arguments in their places', () => {
    const f = compile((a, b) => [b!.sub(a!), a!]);
    const pairs = shapeOf().chain((shape) => fc.tuple(floats(shape), floats(shape)));
    return forAll(pairs, async ([a, b]) => {
      const [difference, first] = await f(a, b);
      expect(await difference!.data()).toEqual(await b.sub(a).data());
      expect(await first!.data()).toEqual(await a.data());
    });
  });

  it('accepts arguments that are still to be computed', async () => {
    const f = compile((x) => [x!.add(1)]);
    const [result] = await f(tensor([1, 2]).mul(10));
    expect(await result!.array()).toEqual([11, 21]);
  });

  it('reads parameters anew at each call', async () => {
    const weight = parameter(1, 2);
    const f = compile((x) => [x!.mul(weight)]);
    const x = tensor([10, 10]);
    expect(await f.run([x])).toEqual([Float32Array.of(10, 20)]);
    weight.value[0] = 3;
    expect(await f.run([x])).toEqual([Float32Array.of(30, 20)]);
    weight.value = Float32Array.of(5, 6);
    expect(await f.run([x])).toEqual([Float32Array.of(50, 60)]);
    expect(f.traceCount).toBe(1);
  });

  it('writes results where it is told to', async () => {
    const f = compile((x) => [x!.add(1), x!.mul(2)]);
    const target = new Float32Array(4);
    const part = target.subarray(1, 3);
    const [sum, product] = await f.run([tensor([1, 2])], [undefined, part]);
    expect(product).toBe(part);
    expect(sum).toEqual(Float32Array.of(2, 3));
    expect(target).toEqual(Float32Array.of(0, 2, 4, 0));
  });

  it('updates a parameter where it lies', async () => {
    const weight = parameter(1, 2);
    const step = compile((gradient) => [weight.sub(gradient!.mul(0.5))]);
    for (let i = 0; i < 3; i++) await step.run([tensor([2, -2])], [weight.value]);
    expect(weight.value).toEqual(Float32Array.of(-2, 5));
  });

  it('says which array has the wrong length', async () => {
    const f = compile((x) => [x!.add(1).named('the sum')]);
    await expect(f.run([tensor([1, 2])], [new Float32Array(3)])).rejects.toThrow('given 3 elements');
  });

  it('calls made at once do not disturb each other', async () => {
    const weight = parameter(1, 1, 1);
    const f = compile((x) => [x!.mul(weight).add(x!)]);
    const inputs = Array.from({ length: 20 }, (_, i) => Float32Array.of(i, i + 1, -i));
    const results = await Promise.all(inputs.map((data) => f.run([fromArray(data, [3])])));
    expect(results.map(([result]) => result)).toEqual(inputs.map((data) => data.map((value) => 2 * value)));
  });

  it('calls of different shapes made at once do not disturb each other', async () => {
    const f = compile((x) => [x!.mul(3)]);
    const results = await Promise.all([1, 2, 3, 1, 2].map((n) => f.run([fromArray(new Float32Array(n).fill(n), [n])])));
    expect(results.map(([result]) => [...result!])).toEqual([[3], [6, 6], [9, 9, 9], [3], [6, 6]]);
  });

  it('says clearly that a traced function cannot wait for values', async () => {
    let failure: Promise<unknown> | undefined;
    const f = compile((x) => {
      failure = x!.sum().item();
      failure.catch(() => {});
      return [x!];
    });
    await f(tensor([1, 2]));
    await expect(failure).rejects.toThrow('compile: argument 0 [2] has no value while its function is being traced');
  });

  it('does not swallow errors of the function, and can be called again after one', async () => {
    const f = compile((x) => [x!.add(tensor([1, 2]))]);
    await expect(f(tensor([1, 2, 3]))).rejects.toThrow('add: argument 0 [3] and a tensor [2]');
    expect(await (await f(tensor([1, 1])))[0]!.array()).toEqual([2, 3]);
  });
});
