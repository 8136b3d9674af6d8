import { describe, expect, it } from 'vitest';
import { compile } from '../../../src/compile/index.ts';
import { isSafeInPlace } from '../../../src/graph/in-place.ts';
import { fromArray, type Tensor, tensor } from '../../../src/tensor/index.ts';
import { floats, forAll } from '../../support/arbitraries.ts';
import { programOf } from '../../support/program.ts';

/** Whether `make`'s result may be written over its operand, a matrix [2, 2]. */
function isSafe(make: (x: Tensor, other: Tensor) => readonly Tensor[], output = 0): boolean {
  const [x, other] = [tensor([[1, 2], [3, 4]]), tensor([[1, 1], [1, 1]])]; // biome-ignore format: two matrices
  const program = programOf(make(x, other));
  const leaf = program.leaves.findIndex(({ value }) => value === x);
  return isSafeInPlace(program, leaf, output);
}

/** Functions of two matrices. Their first result is then written over the first matrix. */
const cases: Record<string, { safe: boolean; make: (x: Tensor, other: Tensor) => readonly Tensor[] }> = {
  'an elementwise last reader': { safe: true, make: (x, y) => [x.mul(0.5).sub(y)] },
  'elementwise readers one behind the other': { safe: true, make: (x, y) => [x.add(x.mul(y))] },
  'a matrix product before the last reader': { safe: false, make: (x, y) => [x.matmul(y).exp().add(x)] },
  'a permutation before the last step': { safe: false, make: (x) => [x.transpose(0, 1).exp()] },
  'an independent reader': { safe: false, make: (x, y) => [x.add(y), x.sum()] },
  'a reader after the writing': {
    safe: false,
    make: (x, y) => {
      const sum = x.add(y);
      return [sum, sum.mul(x)];
    },
  },
  'a view read independently': { safe: false, make: (x, y) => [x.add(y), x.reshape([4]).sum()] },
  'a view read beforehand': { safe: false, make: (x) => [x.reshape([4]).slice([0, 2]).add(x)] },
  'a view read beforehand and independently': {
    safe: false,
    make: (x) => {
      const view = x.reshape([4]);
      return [view.slice([0, 2]).add(x), view.sum()];
    },
  },
  'a matrix product': { safe: false, make: (x, y) => [x.matmul(y)] },
  'the swapped matrix': { safe: false, make: (x) => [x.transpose(0, 1)] },
  'a broadcast row': { safe: false, make: (x) => [x.sum(0, true).add(x)] },
  'a softmax': { safe: false, make: (x) => [x.softmax(-1)] },
};

describe('writing a result over an operand', () => {
  // Copying where it is not needed is slow; not copying where it is needed is wrong.
  it.each(Object.entries(cases))('with %s is judged rightly', (_, { safe, make }) => {
    expect(isSafe(make)).toBe(safe);
  });

  it.each(Object.entries(cases))('with %s gives the right results', (_, { make }) =>
    forAll(
      floats([2, 2]),
      async (x) => {
        const other = tensor([[0.5, -1], [2, 3]]); // biome-ignore format: a matrix
        const expected = await Promise.all(make(x, other).map((result) => result.data()));
        const array = (await x.floats()).slice();
        const f = compile((a, b) => make(a!, b!));
        const results = await f.run([fromArray(array, [2, 2]), other], [array]);
        expect(results[0]).toBe(array);
        expect(results).toEqual(expected);
      },
      5,
    ),
  );

  it('is judged anew for every pair of operand and result', async () => {
    const swap = compile((a, b) => [b!.mul(1.5), a!.mul(2.5)]);
    const [a, b] = [Float32Array.of(1, 2), Float32Array.of(10, 20)];
    await swap.run([fromArray(a, [2]), fromArray(b, [2])], [a, b]);
    expect([a, b]).toEqual([Float32Array.of(15, 30), Float32Array.of(2.5, 5)]);
  });

  it('is right where arrays overlap in part', async () => {
    const f = compile((x) => [x!.mul(2)]);
    for (const [from, to] of [[0, 1], [1, 0], [2, 0], [0, 3]] as const) {
      const memory = Float32Array.from({ length: 8 }, (_, i) => i + 1);
      const input = memory.subarray(from, from + 4);
      const expected = input.map((value) => 2 * value);
      await f.run([fromArray(input, [4])], [memory.subarray(to, to + 4)]);
      expect(memory.subarray(to, to + 4)).toEqual(expected);
    } // biome-ignore format: pairs
  });

  it('is right where one array is a piece of the other', async () => {
    const f = compile((x) => [x!.slice([1, 3]).add(x!.sum())]);
    const memory = Float32Array.of(1, 2, 3, 4);
    await f.run([fromArray(memory, [4])], [memory.subarray(0, 2)]);
    expect(memory).toEqual(Float32Array.of(12, 13, 3, 4));
  });

  it('is right where the arrays lie in one buffer without touching', async () => {
    const f = compile((x) => [x!.matmul(x!)]);
    const memory = Float32Array.of(1, 2, 3, 4, 0, 0, 0, 0);
    await f.run([fromArray(memory.subarray(0, 4), [2, 2])], [memory.subarray(4)]);
    expect(memory).toEqual(Float32Array.of(1, 2, 3, 4, 7, 10, 15, 22));
  });
});
