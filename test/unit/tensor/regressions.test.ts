import { describe, expect, it } from 'vitest';
import { compile } from '../../../src/compile/index.ts';
import { TsgptError } from '../../../src/core/errors.ts';
import { Random } from '../../../src/random/random.ts';
import * as t from '../../../src/tensor/index.ts';
import { fromArray, randn, tensor } from '../../../src/tensor/index.ts';

const ids = (...values: number[]) => fromArray(Int32Array.from(values), [values.length], 'the tokens');

describe('defects that were fixed', () => {
  it('in place: ONNX Runtime fuses a permutation into the product, which then reads what it overwrites', async () => {
    const random = new Random(1);
    const [x, y] = [randn([2, 2, 2], random), randn([2, 2, 2], random)];
    const expected = await x.permute(1, 0, 2).matmul(y).data();
    const array = (await x.floats()).slice();
    const f = compile((a, b) => [a!.permute(1, 0, 2).matmul(b!)]);
    await f.run([fromArray(array, [2, 2, 2]), y], [array]);
    array.forEach((value, i) => {
      expect(value).toBeCloseTo(expected[i]!, 4);
    });
  });

  it('a view has its gradient also where the next operation reads what it is a view of', async () => {
    const a = tensor([
      [1, 2],
      [3, 4],
    ]); // prettier-ignore
    const x = tensor([
      [1, 1],
      [2, 1],
    ]); // prettier-ignore
    const gradient = async (view: t.Tensor, loss: t.Tensor) => t.grad(loss, [view])[0]!.array();
    const flat = a.reshape([4]);
    expect(await gradient(flat, flat.reshape([2, 2]).square().sum())).toEqual([2, 4, 6, 8]);
    expect(await gradient(flat, flat.mul(1).reshape([1, 4]).reshape([2, 2]).square().sum())).toEqual([2, 4, 6, 8]);
    const swapped = a.transpose(0, 1);
    expect(await gradient(swapped, x.matmul(swapped).sum())).toEqual([
      [3, 3],
      [2, 2],
    ]); // prettier-ignore
    expect(await gradient(swapped, swapped.mul(1).matmul(x).sum())).toEqual([
      [2, 3],
      [2, 3],
    ]); // prettier-ignore
    // Used as it is, too, and a view of itself: every use counts once, and the original has the whole.
    const loss = flat.reshape([2, 2]).square().sum().add(flat.sum());
    expect(await gradient(flat, loss)).toEqual([3, 5, 7, 9]);
    const both = t.grad(loss, [flat, a]);
    expect(await both[0]!.array()).toEqual([3, 5, 7, 9]);
    expect(await both[1]!.array()).toEqual([
      [3, 5],
      [7, 9],
    ]); // prettier-ignore
    // Inside of a composite, whose operand is a view.
    expect(await gradient(flat, t.einsum('ij,jk->', flat.reshape([2, 2]), x))).toEqual([2, 3, 2, 3]);
    const hidden = a.reshape([1, 2, 2]);
    const attended = t.linear(hidden, x).sum();
    expect(await gradient(hidden, attended)).toEqual([
      [
        [3, 2],
        [3, 2],
      ],
    ]); // prettier-ignore
  });

  it('index checks of a graph that is not run do not disturb another', async () => {
    const index = ids(5);
    tensor([[1], [2]]).rows(index); // never computed
    const large = tensor([[0], [1], [2], [3], [4], [5]]);
    expect(await large.rows(index).array()).toEqual([[5]]);
  });

  it('a fraction is not silently cut to a whole number: lt', () => {
    expect(() => ids(2).lt(2.5)).toThrow(TsgptError);
  });
  it('a fraction is not silently cut to a whole number: mul', () => {
    expect(() => ids(2).mul(0.5)).toThrow(TsgptError);
  });
  it('bool.add(0) is refused like bool.add(1)', () => {
    expect(() => tensor([true]).add(0)).toThrow(TsgptError);
  });
  it('where chooses between bools, or refuses to', async () => {
    const b = tensor([true, false]);
    const attempt = async () => t.where(b, b, b).array();
    await attempt().catch((error) => expect(error).toBeInstanceOf(TsgptError));
  });
  it('argmax of bool is refused where it is written', () => {
    expect(() => tensor([true]).argmax(0)).toThrow(TsgptError);
  });
  it('logSumExp of int32 is refused', () => {
    expect(() => ids(1, 2).logSumExp()).toThrow(TsgptError);
  });
  it('layerNorm and rmsNorm refuse an eps that would make NaN', () => {
    for (const eps of [Number.NaN, -1, Number.POSITIVE_INFINITY, '1' as never, {} as never]) {
      const words = /eps must be a number of at least 0/;
      expect(() => t.layerNorm(t.ones([2, 3]), t.ones([3]), t.zeros([3]), eps)).toThrow(words);
      expect(() => t.rmsNorm(t.ones([2, 3]), t.ones([3]), eps)).toThrow(words);
    }
  });
  it('int32 products wrap, as a multiplication does', async () => {
    expect(await t.tensor([100_000, 100_000], { dtype: 'int32' }).prod().item()).toBe(Math.imul(100_000, 100_000));
    const rows = t.tensor([[65_537, 65_537], [2, 3]], { dtype: 'int32' }).prod(1); // biome-ignore format: a matrix
    expect(await rows.array()).toEqual([131_073, 6]);
  });
  it('arange refuses what is no length', () => {
    expect(() => t.arange(-1)).toThrow(TsgptError);
    expect(() => t.arange(1.5)).toThrow(TsgptError);
  });
  it('rows by an empty index have a gradient', async () => {
    const w = tensor([[1, 2], [3, 4]]); // biome-ignore format: a matrix
    const [g] = t.grad(w.rows(t.zeros([0], 'int32')).sum(), [w]);
    expect(await g!.array()).toEqual([[0, 0], [0, 0]]); // biome-ignore format: a matrix
  });
  it('x to the power 0 has gradient 0 at 0, as in PyTorch', async () => {
    const x = tensor([0, 2]);
    expect(await t.grad(x.pow(0).sum(), [x])[0]!.array()).toEqual([0, 0]);
  });
  it('0 to the power b has second derivatives 0 for b above 1', async () => {
    const [a, b] = [tensor([0, 0]), tensor([2, 3])];
    const [byExponent] = t.grad(a.pow(b).sum(), [b]);
    const second = t.grad(byExponent!.sum(), [a, b]);
    expect(await Promise.all(second.map((g) => g.array()))).toEqual([[0, 0], [0, 0]]); // biome-ignore format: two rows
  });
  it('the third derivative of x² at 0 is 0, not NaN', async () => {
    const x = tensor([0, 2]);
    const d = (y: t.Tensor) => t.grad(y.sum(), [x])[0]!;
    expect(await d(d(d(x.pow(2)))).array()).toEqual([0, 0]);
  });
  it('rows of more than 80 characters are wrapped, as PyTorch does', async () => {
    for (const line of (await t.arange(1000).print()).split('\n')) expect(line.length).toBeLessThan(130);
  });
  it('errors of broadcasting name the tensors', () => {
    const [a, b] = [t.zeros([2, 3]).named('left'), t.zeros([4]).named('right')];
    expect(() => a.add(b)).toThrow(/left.*right/);
  });
  it('logSumExp at minus infinity and infinity', async () => {
    expect(await tensor([Number.NEGATIVE_INFINITY]).logSumExp().item()).toBe(Number.NEGATIVE_INFINITY);
    expect(await tensor([Number.POSITIVE_INFINITY, 1]).logSumExp().item()).toBe(Number.POSITIVE_INFINITY);
  });
});
