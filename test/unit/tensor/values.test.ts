import { runInNewContext } from 'node:vm';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sizeOf } from '../../../src/core/shape.ts';
import { Random } from '../../../src/random/random.ts';
import * as t from '../../../src/tensor/index.ts';
import { type Tensor, tensor } from '../../../src/tensor/index.ts';
import { sumRowsByIndex } from '../../../src/tensor/primitives/indexing.ts';
import { bools, broadcastable, dimOf, dimsOf, floats, forAll, ints, shapeOf } from '../../support/arbitraries.ts';
import { checkValues } from '../../support/check-gradients.ts';

/** Every check here computes a graph twice: by ONNX Runtime, and by the plain loops of the host evaluator. */

const tuple = <T>(arbitraries: fc.Arbitrary<T>[]) => fc.tuple(...arbitraries) as unknown as fc.Arbitrary<T[]>;

/** `count` operands that broadcast together, made by `make`. */
const operands = (count: number, make: (shape: number[]) => fc.Arbitrary<Tensor>) =>
  broadcastable(count).chain((shapes) => tuple(shapes.map(make)));

const positive = (shape: number[]) => floats(shape, { min: 0.5, max: 2 });

type Function1 = (x: Tensor) => Tensor;
type Function2 = (a: Tensor, b: Tensor) => Tensor;

describe('functions of one number', () => {
  const functions: Record<string, Function1> = {
    neg: (x) => x.neg(),
    exp: (x) => x.exp(),
    abs: (x) => x.abs(),
    sign: (x) => x.sign(),
    sin: (x) => x.sin(),
    cos: (x) => x.cos(),
    tanh: (x) => x.tanh(),
    sigmoid: (x) => x.sigmoid(),
    erf: (x) => x.erf(),
    toInt: (x) => x.to('int32'),
    toBool: (x) => x.to('bool'),
    relu: t.relu,
    softplus: t.softplus,
    logSigmoid: t.logSigmoid,
    clamp: (x) => x.clamp(-1, 0.5),
    square: (x) => x.square(),
    silu: t.silu,
    geluTanh: (x) => t.gelu(x),
    geluErf: (x) => t.gelu(x, 'none'),
  };
  it('agree on any shape', () =>
    forAll(shapeOf().chain(floats), (x) => checkValues(Object.values(functions).map((f) => f(x)))));

  it('of positive numbers agree on any shape', () =>
    forAll(shapeOf().chain(positive), (x) => checkValues([x.log(), x.sqrt(), x.pow(1.5), x.pow(-1), x.rsqrt()])));

  it('of whole numbers agree on any shape', () =>
    forAll(shapeOf().chain(ints), (x) =>
      checkValues([x.neg(), x.abs(), x.sign(), x.square(), x.clamp(-1, 2), t.relu(x)]),
    ));

  it('convert int32 and bool to every type', async () => {
    await forAll(shapeOf().chain(ints), (x) => checkValues([x.to('float32'), x.to('bool')]), 5);
    await forAll(shapeOf().chain(bools), (x) => checkValues([x.to('float32'), x.to('int32')]), 5);
  });
});

describe('functions of two numbers, broadcasting', () => {
  const arithmetic: Function2[] = [
    (a, b) => a.add(b),
    (a, b) => a.sub(b),
    (a, b) => a.mul(b),
    (a, b) => a.maximum(b),
    (a, b) => a.minimum(b),
  ];
  const comparisons: Function2[] = [
    (a, b) => a.eq(b),
    (a, b) => a.ne(b),
    (a, b) => a.lt(b),
    (a, b) => a.le(b),
    (a, b) => a.gt(b),
    (a, b) => a.ge(b),
  ];
  const all = [...arithmetic, ...comparisons];

  it('agree for float32', () => forAll(operands(2, floats), ([a, b]) => checkValues(all.map((f) => f(a!, b!)))));
  it('agree for int32', () => forAll(operands(2, ints), ([a, b]) => checkValues(all.map((f) => f(a!, b!)))));
  it('agree for quotients and powers of positive numbers', () =>
    forAll(operands(2, positive), ([a, b]) => checkValues([a!.div(b!), a!.pow(b!)])));
  it('agree for bool', () =>
    forAll(operands(2, bools), ([a, b]) => checkValues([a!.logicalAnd(b!), a!.logicalOr(b!), a!.logicalNot()])));

  it('wrap whole numbers modulo 2^32', async () => {
    const large = (shape: number[]) => ints(shape, { min: -(2 ** 31), max: 2 ** 31 - 1 });
    await forAll(operands(2, large), ([a, b]) => checkValues([a!.mul(b!), a!.add(b!), a!.sub(b!)]));
  });

  it('take plain numbers for scalars', () =>
    forAll(shapeOf().chain(floats), (x) => checkValues([x.add(2), x.mul(-0.5), x.sub(1), x.div(3), x.lt(0), x.ge(1)])));

  it('choose by a condition', async () => {
    const cases = broadcastable(3).chain(([c, a, b]) => fc.tuple(bools(c!), floats(a!), floats(b!)));
    await forAll(cases, ([condition, a, b]) => checkValues([t.where(condition, a, b), t.where(condition, 1.5, b)]));
    const whole = broadcastable(3).chain(([c, a, b]) => fc.tuple(bools(c!), ints(a!), ints(b!)));
    await forAll(whole, ([condition, a, b]) => checkValues([t.where(condition, a, b)]));
  });
});

describe('reductions', () => {
  it.each([
    { shape: [2048, 9], dims: [0] },
    { shape: [6, 50, 64], dims: [0, 1] },
    { shape: [17, 1001], dims: [0] },
    { shape: [2, 3, 40, 70], dims: [0, 1] },
  ])('sum many rows of $shape over $dims', async ({ shape, dims }) => {
    const x = tensor(new Random(1).normals(sizeOf(shape)), { shape });
    for (const keepDim of [true, false]) await checkValues([x.sum(dims, keepDim)]);
  });

  /** With a correction of 1 the variance of one element is NaN; pytorch.test.ts compares that with PyTorch's. */
  const spread = (x: Tensor, dims: number[] | undefined, keepDim: boolean) => [
    x.var(dims, keepDim, { correction: 0 }),
    x.std(dims, keepDim, { correction: -1 }),
  ];
  const reductions = (x: Tensor, dims: number[] | undefined, keepDim: boolean) => [
    x.sum(dims, keepDim),
    x.max(dims, keepDim),
    x.min(dims, keepDim),
    ...(x.dtype === 'float32' ? [x.mean(dims, keepDim), x.logSumExp(dims, keepDim), ...spread(x, dims, keepDim)] : []),
  ];
  const withDims = (make: (shape: number[]) => fc.Arbitrary<Tensor>) =>
    shapeOf().chain((shape) =>
      fc.tuple(make(shape), fc.option(dimsOf(shape.length), { nil: undefined }), fc.boolean()),
    );

  it('agree over any dimensions of float32', () =>
    forAll(withDims(floats), ([x, dims, keepDim]) => checkValues(reductions(x, dims, keepDim)), 30));
  it('agree over any dimensions of int32', () =>
    forAll(withDims(ints), ([x, dims, keepDim]) => checkValues(reductions(x, dims, keepDim)), 20));

  it('over no dimension change nothing', async () => {
    const x = tensor([[1, 2]]);
    for (const result of [x.sum([]), x.mean([]), x.max([], true)]) expect(await result.array()).toEqual([[1, 2]]);
  });

  it('along one dimension agree, ties to the first', () => {
    const cases = shapeOf(1).chain((shape) => fc.tuple(floats(shape), ints(shape), dimOf(shape.length), fc.boolean()));
    return forAll(cases, ([x, n, dim, keepDim]) =>
      checkValues([
        ...[x.softmax(dim), x.logSoftmax(dim)],
        ...[x, n].flatMap((a) => [
          a.argmax(dim, keepDim),
          a.argmin(dim, keepDim),
          a.argmax(),
          a.argmin(undefined, keepDim),
        ]),
        ...[x, n].flatMap((a) => [a.cumsum(dim), a.topk(1, dim).values, a.topk(a.shape.at(dim)!, dim).indices]),
      ]),
    );
  });

  it('stay finite where exponentials overflow', async () => {
    const x = tensor([1000, 999, -1000]);
    await checkValues([x.softmax(0), x.logSoftmax(0), x.logSumExp()]);
    expect(await x.logSumExp().item()).toBeCloseTo(1000 + Math.log(1 + Math.exp(-1)), 3);
  });
});

describe('shape and order', () => {
  it('reshaping keeps the order, whatever the shapes', () => {
    const cases = shapeOf().chain((shape) => fc.tuple(floats(shape), fc.constant(shape)));
    return forAll(cases, async ([x, shape]) => {
      const reshaped = x.reshape([-1]).reshape([...shape].reverse());
      expect(reshaped.shape).toEqual([...shape].reverse());
      expect(await reshaped.data()).toEqual(await x.data());
      await checkValues([reshaped.add(1), x.unsqueeze(0).mul(2), x.unsqueeze(-1).mul(2)]);
    });
  });

  it('permutations agree for all types', () => {
    const cases = shapeOf().chain((shape) => {
      const dims = Array.from({ length: shape.length }, (_, dim) => dim);
      const order = fc.shuffledSubarray(dims, { minLength: dims.length });
      return fc.tuple(floats(shape), ints(shape), bools(shape), order);
    });
    return forAll(cases, ([x, n, b, dims]) => checkValues([x, n, b].map((operand) => operand.permute(...dims))), 25);
  });

  it('expansion agrees for all types', () => {
    const cases = shapeOf().chain((shape) => {
      const small = shape.map((length, dim) => (dim % 2 ? 1 : length)).slice(Math.floor(shape.length / 2));
      return fc.tuple(floats(small), ints(small), bools(small), fc.constant(shape));
    });
    return forAll(cases, ([x, n, b, shape]) => checkValues([x, n, b].map((operand) => operand.expand(shape))));
  });

  const bound = (length: number) => fc.option(fc.integer({ min: -length - 1, max: length + 1 }), { nil: undefined });
  const ranges = (shape: number[]) =>
    tuple(shape.map((length) => fc.option(fc.tuple(bound(length), bound(length)), { nil: null })));

  it('slices agree with those of plain arrays, out of bounds and from the end', () => {
    const cases = shapeOf(1).chain((shape) => fc.tuple(floats(shape), ints(shape), bools(shape), ranges(shape)));
    return forAll(
      cases,
      async ([x, n, b, bounds]) => {
        const sliced = x.slice(...bounds);
        const [first] = bounds;
        const expected = Array.from({ length: x.shape[0]! }, (_, i) => i).slice(first?.[0], first?.[1]);
        expect(sliced.shape[0]).toBe(expected.length);
        // Nothing is left of some slices, and an empty result has nothing to compare.
        await checkValues([sliced, n.slice(...bounds), b.slice(...bounds)].filter((result) => result.size > 0));
      },
      40,
    );
  });

  it('padding agrees with any amounts and values', () => {
    const cases = shapeOf(1).chain((shape) => {
      const amounts = tuple(shape.map(() => fc.integer({ min: 0, max: 2 })));
      return fc.tuple(floats(shape), ints(shape), amounts, amounts, fc.integer({ min: -3, max: 3 }));
    });
    return forAll(cases, ([x, n, before, after, value]) =>
      checkValues([t.pad(x, before, after, value), t.pad(n, before, after, value)]),
    );
  });

  it('concatenation agrees along any dimension', () => {
    const cases = shapeOf(1).chain((shape) =>
      dimOf(shape.length).chain((dim) => {
        const at = dim < 0 ? dim + shape.length : dim;
        const part = fc.integer({ min: 1, max: 3 }).chain((length) => floats(shape.with(at, length)));
        return fc.tuple(fc.array(part, { minLength: 1, maxLength: 4 }), fc.constant(dim));
      }),
    );
    return forAll(cases, async ([parts, dim]) => {
      await checkValues([t.concat(parts, dim)]);
      await checkValues([t.concat(parts.map((part) => part.to('int32')), dim)]); // biome-ignore format: one line
    });
  });
});

describe('pieces and masks', () => {
  const withDim = shapeOf(1).chain((shape) =>
    fc.tuple(floats(shape), dimOf(shape.length), fc.integer({ min: 1, max: 5 })),
  );

  it('pieces put together again give the whole', () =>
    forAll(withDim, async ([x, dim, size]) => {
      for (const pieces of [x.split(size, dim), x.chunk(size, dim)]) {
        expect(await t.concat(pieces, dim).array()).toEqual(await x.array());
      }
      await checkValues([t.stack(x.split(1, dim), dim), ...x.chunk(size, dim)]);
    }));

  it('triangles agree for all types', () => {
    const cases = shapeOf(2).chain((shape) =>
      fc.tuple(floats(shape), ints(shape), bools(shape), fc.integer({ min: -3, max: 3 })),
    );
    return forAll(cases, ([x, n, b, diagonal]) =>
      checkValues([x, n, b].flatMap((a) => [a.tril(diagonal), a.triu(diagonal)])),
    );
  });

  it('a triangle and what lies above it make the whole', async () => {
    const x = t.arange(12).reshape([3, 4]);
    expect(await x.tril(-1).add(x.triu()).array()).toEqual(await x.array());
  });

  it('one-hot rows have their 1 where argmax finds it', () => {
    const cases = shapeOf(0, 3).chain((shape) => ints(shape, { min: 0, max: 3 }));
    return forAll(cases, async (index) => {
      const rows = t.oneHot(index, 4);
      expect(await rows.argmax(-1).data()).toEqual(await index.data());
      await checkValues([rows, rows.sum(-1)]);
    });
  });

  it('einsum agrees with the operations it stands for', async () => {
    const cases = fc.tuple(floats([2, 3, 4]), floats([2, 5, 4]), floats([4]));
    await forAll(cases, async ([a, b, c]) => {
      const difference = (x: Tensor, y: Tensor) => x.sub(y).abs().max();
      const differences = [
        difference(t.einsum('bij, bkj -> bik', a, b), a.matmul(b.transpose(1, 2))),
        difference(t.einsum('bij,j->ib', a, c), a.matmul(c).transpose(0, 1)),
        difference(t.einsum('bij->j', a), a.sum([0, 1])),
        difference(t.einsum('j,j->', c, c), c.square().sum()),
        difference(t.einsum('j,bij->bij', c, a), a.mul(c)),
      ];
      for (const [i, found] of differences.entries()) expect(await found.item(), `${i}`).toBeLessThan(1e-5);
    });
  });
});

describe('matrix products', () => {
  const length = fc.integer({ min: 1, max: 5 });
  /** Operands of any stacks that broadcast, each stored as it is or with its last two dimensions swapped. */
  const cases = broadcastable(2).chain(([stackA, stackB]) =>
    fc.tuple(length, length, length, fc.boolean(), fc.boolean()).chain(([n, k, m, swapA, swapB]) =>
      fc.tuple(
        floats([...stackA!.slice(-2), ...(swapA ? [k, n] : [n, k])]).map((a) => (swapA ? a.transpose(-2, -1) : a)),
        floats([...stackB!.slice(-2), ...(swapB ? [m, k] : [k, m])]).map((b) => (swapB ? b.transpose(-2, -1) : b)),
      ),
    ),
  );
  it('agree for any stacks of matrices, swapped or not', () =>
    forAll(cases, ([a, b]) => checkValues([a.matmul(b)]), 60));

  it('agree for vectors on either side', () => {
    const vectors = fc
      .tuple(shapeOf(0, 2), length, length)
      .chain(([stack, k, m]) => fc.tuple(floats([k]), floats([...stack, k, m]), floats([...stack, m, k]), floats([k])));
    return forAll(vectors, ([left, right, matrices, other]) =>
      checkValues([left.matmul(right), matrices.matmul(left), left.matmul(other)]),
    );
  });

  it('agree for linear layers over rows of any stack', () => {
    const layers = fc
      .tuple(shapeOf(1, 3), length, length)
      .chain(([stack, k, m]) => fc.tuple(floats([...stack, k]), floats([m, k]), floats([m])));
    return forAll(layers, ([x, weight, bias]) => checkValues([t.linear(x, weight, bias), t.linear(x, weight)]));
  });
});

describe('by index', () => {
  const count = fc.integer({ min: 1, max: 6 });

  it('rows agree for an index of any shape', () => {
    const cases = fc
      .tuple(count, shapeOf(0, 2), shapeOf(0, 3))
      .chain(([n, width, shape]) => fc.tuple(floats([n, ...width]), ints(shape, { min: 0, max: n - 1 })));
    return forAll(cases, ([table, index]) => checkValues([table.rows(index), table.to('int32').rows(index)]), 25);
  });

  it('gathering and scattering agree along any dimension', () => {
    const cases = shapeOf(1, 3).chain((shape) =>
      fc.tuple(dimOf(shape.length), count).chain(([dim, length]) => {
        const at = dim < 0 ? dim + shape.length : dim;
        const indexShape = shape.with(at, length);
        const index = ints(indexShape, { min: 0, max: shape[at]! - 1 });
        return fc.tuple(floats(shape), fc.constant(dim), index, floats(indexShape));
      }),
    );
    return forAll(
      cases,
      ([x, dim, index, source]) => checkValues([x.gather(dim, index), x.scatterAdd(dim, index, source)]),
      25,
    );
  });

  it('rows of equal index are summed, in tables shorter and longer than the rows', () => {
    const cases = fc
      .tuple(count, count, fc.integer({ min: 1, max: 12 }))
      .chain(([n, width, length]) =>
        fc.tuple(floats([n, width]), ints([n], { min: 0, max: length - 1 }), fc.constant(length)),
      );
    return forAll(cases, ([x, index, length]) => checkValues([sumRowsByIndex(x, index, length)]), 30);
  });
});

describe('rows normalised', () => {
  it('layer and root-mean-square normalisation agree', () => {
    const cases = fc
      .tuple(shapeOf(0, 3), fc.integer({ min: 2, max: 6 }))
      .chain(([stack, width]) => fc.tuple(floats([...stack, width]), floats([width]), floats([width])));
    // A large eps: in a row of nearly equal elements, what is left over after the mean is rounding.
    return forAll(cases, ([x, weight, bias]) =>
      checkValues([t.layerNorm(x, weight, bias, 0.1), t.rmsNorm(x, weight, 0.1)], 1e-5),
    );
  });

  it('cross-entropy agrees, with rows that do not count', () => {
    const cases = fc
      .tuple(shapeOf(1, 2), fc.integer({ min: 2, max: 5 }))
      .chain(([shape, classes]) => fc.tuple(floats([...shape, classes]), ints(shape, { min: -1, max: classes - 1 })));
    return forAll(cases, async ([logits, targets]) => {
      const loss = t.crossEntropy(logits, targets, { ignoreIndex: -1 });
      if ((await targets.ints()).some((target) => target >= 0)) await checkValues([loss]);
      else expect(await loss.item()).toBeNaN();
    });
  });
});

describe('creation', () => {
  it('fills, counts and takes nested arrays', async () => {
    expect(await t.full([2, 2], 1.5).array()).toEqual([[1.5, 1.5], [1.5, 1.5]]); // biome-ignore format: two rows
    expect(await t.zeros([2], 'int32').array()).toEqual([0, 0]);
    expect(await t.ones([1, 2], 'bool').array()).toEqual([[true, true]]);
    expect(await t.arange(4).array()).toEqual([0, 1, 2, 3]);
    expect(await tensor([[true, false]]).array()).toEqual([[true, false]]);
    expect(tensor([1, 2], { dtype: 'int32' }).dtype).toBe('int32');
  });

  it('takes typed arrays of all kinds, as copies', async () => {
    for (const Kind of [Int8Array, Int16Array, Int32Array, Uint8Array, Uint8ClampedArray, Uint16Array, Uint32Array]) {
      const array = Kind.of(1, 2, 3);
      const x = tensor(array);
      array[0] = 9;
      expect([x.dtype, await x.array()], Kind.name).toEqual(['int32', [1, 2, 3]]);
    }
    for (const Kind of [Float32Array, Float64Array]) {
      const x = tensor(Kind.of(1.5, Number.NaN, Number.POSITIVE_INFINITY));
      expect([x.dtype, await x.array()]).toEqual(['float32', [1.5, Number.NaN, Number.POSITIVE_INFINITY]]);
    }
    const fromAnotherRealm = runInNewContext('Float32Array.of(1, 2)');
    expect(await tensor(fromAnotherRealm).array()).toEqual([1, 2]);
    expect(await t.fromArray(fromAnotherRealm, [2]).array()).toEqual([1, 2]);
    expect(await tensor(Buffer.from([1, 255])).array()).toEqual([1, 255]);
  });

  it('takes rows in typed arrays, and a shape', async () => {
    const rows = tensor([Float32Array.of(1, 2), [3, 4]]);
    expect([rows.dtype, await rows.array()]).toEqual(['float32', [[1, 2], [3, 4]]]); // biome-ignore format: two rows
    expect(await tensor(Int32Array.of(1, 2, 3, 4), { shape: [2, 2], dtype: 'float32' }).array()).toEqual(
      await rows.array(),
    );
    expect(tensor([[], []]).shape).toEqual([2, 0]);
    expect(tensor([new Float32Array(0)]).shape).toEqual([1, 0]);
  });

  it('makes truth values numbers, and numbers truth values, only when asked', async () => {
    expect(tensor([true, false]).dtype).toBe('bool');
    expect(await tensor([true, 2], { dtype: 'float32' }).array()).toEqual([1, 2]);
    expect(await tensor([0, 2, Number.NaN, -0], { dtype: 'bool' }).data()).toEqual(Uint8Array.of(0, 1, 1, 0));
    expect(await tensor(Uint8Array.of(0, 7), { dtype: 'bool' }).data()).toEqual(Uint8Array.of(0, 1));
    expect(await t.full([1], true, 'bool').array()).toEqual([true]);
  });

  it('gives every array back, whatever its kind and shape', () => {
    const kinds = fc.constantFrom(Float32Array, Float64Array, Int8Array, Int32Array, Uint8Array, Uint16Array);
    const arrays = fc.tuple(kinds, fc.array(fc.integer({ min: 0, max: 127 }), { maxLength: 6 }));
    return fc.assert(
      fc.asyncProperty(arrays, async ([Kind, numbers]) => {
        expect(await tensor(Kind.from(numbers)).array()).toEqual(numbers);
        expect(await tensor([numbers, Kind.from(numbers)]).array()).toEqual([numbers, numbers]);
      }),
      { numRuns: 20 },
    );
  });

  it('rejects ragged rows', () => {
    expect(() => tensor([[1, 2], [3]])).toThrow('every entry at depth 1 must be an array of 2');
    expect(() => tensor([[1], 2])).toThrow('every entry at depth 1 must be an array of 1');
  });
});

describe('arange', () => {
  it('counts as PyTorch does', async () => {
    expect(await t.arange(4).array()).toEqual([0, 1, 2, 3]);
    expect(await t.arange(2, 6).array()).toEqual([2, 3, 4, 5]);
    expect(await t.arange(1, 8, 3).array()).toEqual([1, 4, 7]);
    expect(await t.arange(5, -2, -3).array()).toEqual([5, 2, -1]);
    expect(t.arange(3, 3).shape).toEqual([0]);
  });
});
