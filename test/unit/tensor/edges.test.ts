import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compile } from '../../../src/compile/index.ts';
import { TsgptError } from '../../../src/core/errors.ts';
import { Random } from '../../../src/random/index.ts';
import * as t from '../../../src/tensor/index.ts';
import { type Tensor, tensor } from '../../../src/tensor/index.ts';

const ints = (...values: number[]) => tensor(values, { dtype: 'int32' });

describe('an operation that changes nothing', () => {
  it.each<[string, (x: Tensor) => Tensor]>([
    ['mul(1)', (x) => x.mul(1)],
    ['add(0)', (x) => x.add(0)],
    ['reshape', (x) => x.reshape([1, 3])],
    ['expand', (x) => x.expand([1, 3])],
    ['slice', (x) => x.slice(null, [0, 3])],
    ['permute', (x) => x.permute(0, 1)],
    ['transpose', (x) => x.transpose(1, 1)],
    ['flatten', (x) => x.flatten(0, 0)],
    ['squeeze', (x) => x.squeeze(1)],
    ['to', (x) => x.to('float32')],
    ['sum over no dimension', (x) => x.sum([])],
    ['concat of one', (x) => t.concat([x])],
    ['dropout(0)', (x) => t.dropout(x, 0, new Random(1))],
  ])('%s gives a tensor of its own, with its own name', async (_, operation) => {
    const x = tensor([[1, -2, 3]], { name: 'x' });
    const y = operation(x).named('y');
    expect([x.name, y.name]).toEqual(['x', 'y']);
    expect(await y.array()).toEqual([[1, -2, 3]]);
    // By the result and by the operand, and twice.
    const [byX, byY] = t.grad(y.mul(y).mul(x).sum(), [x, y]);
    expect(await byX!.array()).toEqual([[3, 12, 27]]);
    expect(await byY!.array()).toEqual([[2, 8, 18]]);
    const [second] = t.grad(byX!.sum(), [x]);
    expect(await second!.array()).toEqual([[6, -12, 18]]);
  });
});

describe('tensors without elements', () => {
  const emptyShapes = fc.constantFrom([0], [2, 0], [0, 2], [2, 0, 3]);
  const operations: Record<string, (x: Tensor, dim: number) => Tensor> = {
    sum: (x, dim) => x.sum(dim),
    mean: (x, dim) => x.mean(dim),
    std: (x, dim) => x.std(dim),
    var: (x, dim) => x.var(dim, true),
    logSumExp: (x, dim) => x.logSumExp(dim),
    softmax: (x, dim) => x.softmax(dim),
    logSoftmax: (x, dim) => x.logSoftmax(dim),
    cumsum: (x, dim) => x.cumsum(dim),
    gelu: (x) => t.gelu(x),
    dropout: (x) => t.dropout(x, 0.5, new Random(1)),
    layerNorm: (x) => {
      const width = [x.shape.at(-1)!];
      return t.layerNorm(x, t.ones(width), t.zeros(width));
    },
    matmul: (x) =>
      x
        .reshape([-1])
        .reshape([1, 0])
        .matmul(x.reshape([0, 1])),
    linear: (x) => t.linear(x.reshape([0, 4]), t.ones([3, 4]), t.ones([3])),
  };

  it.each(Object.keys(operations))('%s and its gradient', async (name) => {
    await fc.assert(
      fc.asyncProperty(emptyShapes, fc.nat(2), async (shape, dim) => {
        fc.pre(dim < shape.length);
        const x = t.zeros(shape);
        const y = operations[name]!(x, dim);
        expect((await y.data()).length).toBe(y.size);
        const [gradient] = t.grad(y.sum(), [x]);
        expect(gradient!.shape).toEqual(shape);
        expect((await gradient!.data()).length).toBe(0);
      }),
      { numRuns: 12 },
    );
  });

  it('the loss of no rows is NaN', async () => {
    expect(await t.crossEntropy(t.zeros([0, 3]), t.zeros([0], 'int32')).item()).toBeNaN();
  });
});

describe('int32', () => {
  it('sums wrap as additions do', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }), { minLength: 1 }),
        async (values) => {
          const wrapped = values.reduce((sum, value) => (sum + value) | 0, 0);
          expect(
            await ints(...values)
              .sum()
              .item(),
          ).toBe(wrapped);
          expect(
            (
              await ints(...values)
                .cumsum(0)
                .ints()
            ).at(-1),
          ).toBe(wrapped);
        },
      ),
      { numRuns: 20 },
    );
  });

  it.each<[string, () => Tensor]>([
    ['a literal', () => tensor([3e9], { dtype: 'int32' })],
    ['an operand', () => ints(1).add(3e9)],
    ['a bound', () => ints(1).clamp(0, 2 ** 31)],
    ['a choice', () => t.where(tensor([true]), ints(1), -(2 ** 31) - 1)],
    ['a filled tensor', () => t.full([2], 2 ** 32, 'int32')],
    ['a mask', () => ints(1).maskedFill(tensor([true]), 2 ** 31)],
  ])('%s beyond its range is refused', (_, make) => {
    expect(make).toThrow(TsgptError);
    expect(make).toThrow(/fits? into int32/);
  });
});

describe('crossEntropy', () => {
  it('leaves out ignored rows, whatever they hold', async () => {
    const cell = fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0, 3);
    const row = fc.tuple(fc.boolean(), fc.array(cell, { minLength: 4, maxLength: 4 }), fc.nat(3));
    await fc.assert(
      fc.asyncProperty(fc.array(row, { minLength: 1, maxLength: 6 }), async (rows) => {
        fc.pre(rows.some(([ignored]) => !ignored));
        const finite = rows.map(([ignored, cells], i) => (ignored ? cells : [i, 1, -i / 2, 0.5]));
        const targets = rows.map(([ignored, , target]) => (ignored ? -1 : target));
        const kept = rows.flatMap(([ignored], i) => (ignored ? [] : [i]));
        const all = tensor(finite);
        const some = tensor(kept.map((i) => finite[i]!));
        const loss = t.crossEntropy(all, ints(...targets), { ignoreIndex: -1 });
        const expected = t.crossEntropy(some, ints(...kept.map((i) => targets[i]!)));
        expect(await loss.item()).toBeCloseTo(await expected.item(), 5);
        const gradient = await t.grad(loss, [all])[0]!.array<number[][]>();
        const wanted = await t.grad(expected, [some])[0]!.array<number[][]>();
        kept.forEach((i, j) => {
          gradient[i]!.forEach((value, k) => {
            expect(value).toBeCloseTo(wanted[j]![k]!, 5);
          });
        });
        for (const [i, [ignored]] of rows.entries()) if (ignored) expect(gradient[i]).toEqual([0, 0, 0, 0]);
      }),
      { numRuns: 30 },
    );
  });
});

describe('random tensors in a compiled function', () => {
  it('are drawn anew at each call, by randn as by dropout', async () => {
    const random = new Random(3);
    const noise = compile(() => [t.randn([4], random), t.dropout(t.ones([64]), 0.5, random)]);
    const [first, second] = [await noise.run([]), await noise.run([])];
    expect(noise.traceCount).toBe(1);
    expect(first[0]).not.toEqual(second[0]);
    expect(first[1]).not.toEqual(second[1]);
    // Outside, a tensor is drawn once.
    const fixed = t.randn([4], new Random(3));
    expect(await fixed.add(1).array()).toEqual(await fixed.add(1).array());
    expect([...(await fixed.floats())]).toEqual([...new Random(3).normals(4)]);
  });
});
