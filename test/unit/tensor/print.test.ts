import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { compile } from '../../../src/compile/index.ts';
import { Linear, Random } from '../../../src/index.ts';
import { arange, dropout, fromArray, ones, type Tensor, tensor } from '../../../src/tensor/index.ts';

/** The expected texts are PyTorch's, except for the shape at the end, which PyTorch leaves out. */

/** What is printed, without the shape and type at the end. */
async function printed(...args: Parameters<typeof tensor>): Promise<string> {
  return (await tensor(...args).print()).replace(/, shape=.*\)$/, ')');
}

describe('print', () => {
  it('shows shape and type', async () => {
    expect(await tensor([[1.5]]).print()).toBe('tensor([[1.5000]], shape=[1, 1], dtype=float32)');
    expect(await ones([], 'int32').print()).toBe('tensor(1, shape=[], dtype=int32)');
  });

  it('gives four decimals, or none if all numbers are whole', async () => {
    expect(await printed(Math.PI)).toBe('tensor(3.1416)');
    expect(await printed(3)).toBe('tensor(3.)');
    expect(await printed([-1.5, 2])).toBe('tensor([-1.5000,  2.0000])');
    expect(await printed([1, -20, 300])).toBe('tensor([  1., -20., 300.])');
  });

  it('shows whole-number types without a point, and truth values', async () => {
    expect(await printed([1, -20, 300], { dtype: 'int32' })).toBe('tensor([  1, -20, 300])');
    expect(await printed([true, false])).toBe('tensor([ true, false])');
  });

  it('aligns columns over all rows', async () => {
    expect(await printed([[1, 2.5], [-3.25, 100]])).toBe(
      'tensor([[  1.0000,   2.5000],\n        [ -3.2500, 100.0000]])',
    ); // biome-ignore format: two rows
  });

  it('leaves a line blank between matrices, and two between stacks of them', async () => {
    expect(await printed([[[1, 2]], [[3, 4]]])).toBe('tensor([[[1., 2.]],\n\n        [[3., 4.]]])');
    expect(await printed([[[[1]]], [[[2]]]])).toBe('tensor([[[[1.]]],\n\n\n        [[[2.]]]])');
  });

  it('takes scientific notation for very small, very large and very different numbers', async () => {
    expect(await printed([1e-20])).toBe('tensor([1.0000e-20])');
    expect(await printed([1e10, 2e10])).toBe('tensor([1.0000e+10, 2.0000e+10])');
    expect(await printed([12345.678, 1e-3])).toMatch(/^tensor\(\[1\.2346e\+0?4, 1\.0000e-0?3\]\)$/);
    expect(await printed([100.5, 0.5])).toBe('tensor([100.5000,   0.5000])');
  });

  it('shows what is not a number', async () => {
    expect(await printed([Number.NaN, 2.5, Number.NEGATIVE_INFINITY])).toBe('tensor([   nan, 2.5000,   -inf])');
    expect(await printed([Number.POSITIVE_INFINITY])).toBe('tensor([inf])');
  });

  it('shows only the edges of what is large', async () => {
    const vector = (await arange(2000).print()).replace(/ +/g, ' ');
    expect(vector).toBe('tensor([ 0, 1, 2, ..., 1997, 1998, 1999], shape=[2000], dtype=int32)');
    const matrix = (await arange(1200).reshape([40, 30]).print()).split('\n');
    expect(matrix).toHaveLength(7);
    expect(matrix[3]!.trim()).toBe('...,');
    expect(matrix[6]).toMatch(/^ {8}\[1170, 1171, 1172, +\.\.\., 1197, 1198, 1199\]\], shape=\[40, 30\]/);
    expect(await arange(1000).print()).not.toContain('...');
  });

  it('shows tensors of many dimensions', async () => {
    const text = await ones([7, 7, 7, 7, 7, 7, 7]).print(); // more edges than a function takes arguments
    expect(text).toMatch(/shape=\[7, 7, 7, 7, 7, 7, 7\], dtype=float32\)$/);
  });

  it('shows nothing of what is empty', async () => {
    expect(await printed([])).toBe('tensor([])');
  });
});

describe('looking at a tensor', () => {
  const x = tensor([[1, 2.5]], { name: 'x' });

  it('shows name, shape, type and given values', () => {
    expect(inspect(x)).toBe('tensor([[1.0000, 2.5000]], name=x, shape=[1, 2], dtype=float32)');
    expect(String(tensor(true))).toBe('tensor(true, shape=[], dtype=bool)');
  });

  it('computes nothing, and shows values once something else has computed them', async () => {
    const doubled = x.mul(2).named('y');
    expect(inspect(doubled)).toBe('tensor(..., name=y, shape=[1, 2], dtype=float32)');
    expect(doubled.cached).toBeUndefined();
    await doubled.data();
    expect(inspect(doubled)).toBe('tensor([[2., 5.]], name=y, shape=[1, 2], dtype=float32)');
    expect(`${doubled}`).toBe(await doubled.print());
  });

  it('shows what an array holds now', () => {
    const array = Float32Array.of(1);
    const over = fromArray(array, [1]);
    array[0] = 7;
    expect(String(over)).toBe('tensor([7.], shape=[1], dtype=float32)');
  });

  it('is possible inside other objects and on results of compiled functions', async () => {
    const [y] = await compile((a) => [a!.add(1)])(x);
    expect(inspect({ y })).toBe('{ y: tensor([[2.0000, 3.5000]], shape=[1, 2], dtype=float32) }');
  });

  it('draws neither parameters nor random numbers, and is possible while a function is traced', async () => {
    const { weight } = new Linear(2, 1);
    expect(inspect(weight)).toBe('tensor(..., shape=[1, 2], dtype=float32)');
    weight.value = Float32Array.of(3, 4);
    expect(inspect(weight)).toBe('tensor([[3., 4.]], shape=[1, 2], dtype=float32)');

    const random = new Random(1);
    const run = async (look: (tensor: Tensor) => void) => {
      const drop = compile((a) => {
        const dropped = dropout(a!, 0.5, random.child());
        for (const behind = [dropped]; behind.length > 0; ) {
          const tensor = behind.pop()!;
          look(tensor);
          behind.push(...tensor.node.inputs);
        }
        return [dropped];
      });
      return (await drop(ones([50])))[0]!.data();
    };
    const before = await run(() => {});
    random.state = new Random(1).state;
    expect(await run((tensor) => expect(inspect(tensor)).toMatch(/^tensor\(/))).toEqual(before);
  });
});
