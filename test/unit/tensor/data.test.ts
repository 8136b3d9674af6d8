import { describe, expect, it } from 'vitest';
import { compute, fromArray, tensor, zeros } from '../../../src/tensor/index.ts';

describe('reading values', () => {
  it('data() is row-major and of the type', async () => {
    const x = tensor([[1, 2, 3], [4, 5, 6]]); // biome-ignore format: two rows
    expect(await x.transpose(0, 1).data()).toEqual(Float32Array.of(1, 4, 2, 5, 3, 6));
    expect(await x.to('int32').data()).toEqual(Int32Array.of(1, 2, 3, 4, 5, 6));
    expect(await x.gt(3).data()).toEqual(Uint8Array.of(0, 0, 0, 1, 1, 1));
  });

  it('array() nests as the shape does, truth values as booleans', async () => {
    expect(await tensor(5).array()).toBe(5);
    expect(await tensor([[[1], [2]]]).array()).toEqual([[[1], [2]]]);
    expect(await tensor([1, 2]).gt(1).array()).toEqual([false, true]);
    expect(await zeros([2, 0]).array()).toEqual([[], []]);
  });

  it('computes once and keeps the result', async () => {
    const doubled = tensor([1, 2]).mul(2);
    const first = await doubled.data();
    expect(await doubled.data()).toBe(first);
  });

  it('computes several tensors in one run', async () => {
    const x = tensor([1, 2]);
    const [sum, product] = [x.add(1), x.mul(3)];
    await compute([sum, product]);
    expect([sum.cached, product.cached]).toEqual([Float32Array.of(2, 3), Float32Array.of(3, 6)]);
  });

  it('a tensor over an array reads what the array holds when a graph runs', async () => {
    const array = Float32Array.of(1, 2);
    const x = fromArray(array, [2]);
    array[0] = 10;
    expect(await x.add(1).array()).toEqual([11, 3]);
  });

  it('floats() and ints() return arrays of their type, and convert nothing silently', async () => {
    const x = tensor([[1.5, -2]], { name: 'x' });
    expect(await x.mul(2).floats()).toEqual(Float32Array.of(3, -4));
    expect(await x.to('int32').ints()).toEqual(Int32Array.of(1, -2));
    await expect(x.ints()).rejects.toThrow(
      "ints: x [1, 2] is float32, but must be int32; convert it with .to('int32')",
    );
    await expect(x.gt(0).floats()).rejects.toThrow(
      'floats: a tensor [1, 2] is bool, but must be float32; convert it with',
    );
  });
});
