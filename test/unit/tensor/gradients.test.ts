import { describe, expect, it } from 'vitest';
import { Random } from '../../../src/random/random.ts';
import { defineComposite } from '../../../src/tensor/composite.ts';
import { identity } from '../../../src/tensor/composites/identity.ts';
import { divideByRms, standardize } from '../../../src/tensor/composites/normalization.ts';
import { zeroRows } from '../../../src/tensor/composites/zero-rows.ts';
import * as t from '../../../src/tensor/index.ts';
import { grad, type Tensor } from '../../../src/tensor/index.ts';
import { sumRowsByIndex } from '../../../src/tensor/primitives/indexing.ts';
import { composites, primitives } from '../../../src/tensor/registry.ts';
import { checkGradients, checkValues } from '../../support/check-gradients.ts';
import { evaluateOnHost, hostRuleNames } from '../../support/host-evaluator.ts';

/** Where the operands of a case come from; {@link casesOf} seeds it for each operation. */
let random: Random;
const randn = (...shape: number[]) => t.randn(shape, random);
/** Values in 0.5..2, for functions that want positive operands. */
const positive = (...shape: number[]) =>
  t.fromArray(
    Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => 0.5 + 1.5 * random.uniform()),
    shape,
  );
const ids = (shape: number[], limit: number) =>
  t.fromArray(
    Int32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => random.integer(limit)),
    shape,
  );
/** A few shapes of one to four dimensions, drawn anew for each operation. */
const shapes = (count = 3) =>
  Array.from({ length: count }, () => Array.from({ length: 1 + random.integer(4) }, () => 1 + random.integer(4)));
/** `shape` with some dimensions shortened to 1 and some leading ones dropped: broadcasts to `shape`. */
const broadcastable = (shape: number[]) =>
  shape.slice(random.integer(shape.length + 1)).map((length) => (random.integer(3) === 0 ? 1 : length));

/** A function and the operands to check it at. */
type Case = [(inputs: readonly Tensor[]) => Tensor, readonly Tensor[]];

const unary =
  (f: (x: Tensor) => Tensor, make = randn) =>
  (): Case[] =>
    shapes().map((shape) => [([x]) => f(x!), [make(...shape)]]);
const binary =
  (f: (a: Tensor, b: Tensor) => Tensor, make = randn) =>
  (): Case[] =>
    shapes(4).map((shape, i) => {
      const operands = [make(...shape), make(...broadcastable(shape))];
      return [([a, b]) => f(a!, b!), i % 2 ? operands : operands.reverse()];
    });
const one = (f: (...inputs: Tensor[]) => Tensor, ...inputs: Tensor[]): Case => [(x) => f(...x), inputs];

/** By operation, the functions to check. Every primitive, composite, method and exported function with a gradient must be here. */
const cases: Record<string, () => Case[]> = {
  neg: unary((x) => x.neg()),
  exp: unary((x) => x.exp()),
  log: unary((x) => x.log(), positive),
  sqrt: unary((x) => x.sqrt(), positive),
  abs: unary((x) => x.abs()),
  sign: unary((x) => x.sign().mul(x)),
  sin: unary((x) => x.sin()),
  cos: unary((x) => x.cos()),
  tanh: unary((x) => x.tanh()),
  sigmoid: unary((x) => x.sigmoid()),
  erf: unary((x) => x.erf()),
  add: binary((a, b) => a.add(b)),
  sub: binary((a, b) => a.sub(b)),
  mul: binary((a, b) => a.mul(b)),
  div: binary((a, b) => a.div(b), positive),
  pow: binary((a, b) => a.pow(b), positive),
  maximum: binary((a, b) => a.maximum(b)),
  minimum: binary((a, b) => a.minimum(b)),
  where: binary((a, b) => t.where(a.lt(b), a.mul(2), b.mul(b))),
  relu: unary((x) => t.relu(x)),
  softplus: unary((x) => t.softplus(x)),
  logSigmoid: unary((x) => t.logSigmoid(x)),
  square: unary((x) => x.square()),
  rsqrt: unary((x) => x.rsqrt(), positive),
  floor: unary((x) => x.mul(3).floor().mul(x)),
  ceil: unary((x) => x.mul(3).ceil().mul(x)),
  round: unary((x) => x.mul(3).round().mul(x)),
  clamp: unary((x) => x.clamp(-0.7, 0.4).mul(x.clamp(undefined, 0.1).add(x.clamp(0.2)))),
  to: unary((x) => x.to('float32').mul(x.to('int32').to('float32'))),
  cast: unary((x) => x.to('float32').mul(x.gt(0).to('float32'))),
  reshape: () => [one((x) => x.reshape([4, -1]).mul(t.arange(6).to('float32')), randn(2, 3, 4))],
  permute: () => [
    one((x) => x.permute(2, 0, 1).mul(t.arange(3).to('float32')), randn(2, 3, 4)),
    one((x) => x.transpose(-1, 0), randn(5, 2)),
  ],
  T: () => [one((x) => x.T.mul(t.arange(4).to('float32')), randn(4, 3))],
  transpose: () => [one((x) => x.transpose(-1, 0), randn(5, 2, 3))],
  squeeze: () => [one((x) => x.squeeze().mul(x.squeeze([0, 1])), randn(1, 3, 1))],
  unsqueeze: () => [one((x) => x.unsqueeze(-1).mul(x.unsqueeze(0)), randn(3))],
  flatten: () => [one((x) => x.flatten(1).mul(t.arange(6).to('float32')), randn(2, 3, 2))],
  expand: () => shapes().map((shape) => one((x) => x.expand(shape).mul(x), randn(...broadcastable(shape)))),
  slice: () => [
    one((x) => x.slice([1, 3], null, [-2]), randn(4, 2, 3)),
    one((x) => x.slice(null, [0, -1]).mul(x.slice(null, [1])), randn(3, 4)),
  ],
  pad: () => [one((x) => t.pad(x, [1, 0], [0, 2], 0.5), randn(2, 3))],
  split: () => [one((x) => x.split(2, 1).reduce((product, piece) => product.mul(piece)), randn(2, 6))],
  chunk: () => [one((x) => x.chunk(2, -1).reduce((product, piece) => product.mul(piece)), randn(3, 4))],
  stack: () => [one((a, b) => t.stack([a, b, a], 1).mul(a.unsqueeze(1)), randn(2, 3), randn(2, 3))],
  concat: () => [one((a, b, c) => t.concat([a, b, c, a], 1), randn(2, 1, 2), randn(2, 3, 2), randn(2, 2, 2))],
  matmul: () => [
    one((a, b) => a.matmul(b), randn(3, 4), randn(4, 2)),
    one((a, b) => a.matmul(b), randn(2, 3, 4), randn(4, 5)),
    one((a, b) => a.matmul(b.transpose(0, 1)), randn(2, 2, 3, 4), randn(5, 4)),
    one((a, b) => a.matmul(b.transpose(-2, -1)), randn(2, 3, 4), randn(2, 5, 4)),
    one((a, b) => a.transpose(-2, -1).matmul(b), randn(2, 4, 3), randn(2, 4, 5)),
    one((a, b) => a.transpose(-2, -1).matmul(b.transpose(-2, -1)), randn(4, 3), randn(5, 4)),
    one((a, b) => a.transpose(-2, -1).matmul(b.transpose(-2, -1)), randn(2, 4, 3), randn(5, 4)),
    one((a, b) => a.matmul(b), randn(3, 1, 2, 4), randn(2, 4, 3)),
    one((a, b) => a.matmul(b), randn(3, 4), randn(2, 4, 3)),
    one((a, b) => a.matmul(b), randn(4), randn(4, 3)),
    one((a, b) => a.matmul(b), randn(2, 3, 4), randn(4)),
    one((a, b) => a.matmul(b), randn(4), randn(4)),
  ],
  einsum: () => [
    one((a, b) => t.einsum('bij,bkj->bik', a, b), randn(2, 3, 4), randn(2, 2, 4)),
    one((a, b) => t.einsum('...ij,k...j->...ik', a, b), randn(2, 1, 3, 4), randn(2, 5, 4)),
    one((a, b, c) => t.einsum('ij,jk,il->lk', a, b, c), randn(2, 3), randn(3, 2), randn(2, 2)),
  ],
  maskedFill: () => [one((x) => x.maskedFill(x.lt(0.3), 2).mul(x), randn(3, 4))],
  tril: () => [one((x) => x.tril(1).mul(x), randn(2, 3, 4))],
  triu: () => [one((x) => x.triu(-1).mul(x), randn(4, 3))],
  topk: () => [one((x) => x.topk(2, 0).values.mul(x.topk(2, 0).values), randn(4, 3))],
  rows: () => {
    const [few, many, grid] = [ids([7], 3), ids([4], 9), ids([2, 3], 5)];
    return [
      one((table) => table.rows(few), randn(3, 4)),
      one((table) => table.rows(many), randn(9, 2)),
      one((table) => table.rows(grid), randn(5, 2, 2)),
    ];
  },
  sumRowsByIndex: () => {
    const [few, many] = [ids([7], 3), t.tensor([8, 2, 2, 8], { dtype: 'int32' })];
    return [one((x) => sumRowsByIndex(x, few, 3), randn(7, 2)), one((x) => sumRowsByIndex(x, many, 9), randn(4, 3))];
  },
  gather: () => {
    const [columns, lines] = [ids([3, 6], 4), ids([2, 4], 3)];
    return [one((x) => x.gather(1, columns), randn(3, 4)), one((x) => x.gather(0, lines), randn(3, 4))];
  },
  scatterAdd: () => {
    const [columns, lines] = [ids([3, 6], 4), ids([5, 2], 3)];
    return [
      one((x, source) => x.scatterAdd(1, columns, source), randn(3, 4), randn(3, 6)),
      one((x, source) => x.scatterAdd(0, lines, source), randn(3, 4), randn(5, 2)),
    ];
  },
  sum: () => [
    one((x) => x.sum(), randn(2, 3, 2)),
    one((x) => x.sum(1), randn(2, 3, 2)),
    one((x) => x.sum([0, -1], true).mul(x), randn(2, 3, 2)),
  ],
  mean: () => [one((x) => x.mean(), randn(2, 3)), one((x) => x.mean([0, 2]), randn(2, 3, 4))],
  var: () => [one((x) => x.var(), randn(2, 3)), one((x) => x.var(1, true, { correction: 0 }), randn(2, 3, 2))],
  std: () => [one((x) => x.std(), randn(2, 3)), one((x) => x.std([0, -1], true).mul(x), randn(2, 2, 3))],
  prod: () => [one((x) => x.prod(), randn(2, 2)), one((x) => x.prod([0, -1], true).mul(x), randn(2, 2, 2))],
  norm: () => [one((x) => x.norm(), randn(2, 3)), one((x) => x.norm(-1, true).mul(x), randn(2, 3))],
  mseLoss: () => [one((x, y) => t.mseLoss(x, y), randn(2, 3), randn(2, 3))],
  sort: () => [one((x) => x.sort().values.mul(t.arange(4).to('float32')), randn(3, 4))],
  min: () => [one((x) => x.min(), randn(2, 3)), one((x) => x.min(1, true).mul(x), randn(2, 3, 4))],
  cumsum: () => [one((x) => x.cumsum(0), randn(4)), one((x) => x.cumsum(-2).mul(x), randn(2, 3, 2))],
  max: () => [one((x) => x.max(), randn(2, 3)), one((x) => x.max(1, true).mul(x), randn(2, 3, 4))],
  logSumExp: () => [one((x) => x.logSumExp(), randn(2, 3)), one((x) => x.logSumExp(1, true), randn(2, 3, 4))],
  softmax: () => [one((x) => x.softmax(-1), randn(3, 4)), one((x) => x.softmax(0), randn(3, 2, 2))],
  logSoftmax: () => [one((x) => x.logSoftmax(-1), randn(3, 4)), one((x) => x.logSoftmax(1), randn(2, 3, 2))],
  silu: unary((x) => t.silu(x)),
  geluTanh: unary((x) => t.gelu(x, 'tanh')),
  geluErf: unary((x) => t.gelu(x, 'none')),
  gelu: unary((x) => t.gelu(x)),
  layerNorm: () => [
    one((x, weight, bias) => t.layerNorm(x, weight, bias), randn(2, 3, 5), randn(5), randn(5)),
    one((x, weight, bias) => t.layerNorm(x, weight, bias, 0.1), randn(4, 3), randn(3), randn(3)),
  ],
  standardize: () => [
    // Weighted, because the sum and the sum of squares of a standardized row do not depend on its elements: the loss of the bare result has a
    // gradient near 0, left over from terms that cancel, and rounding decides it.
    one((x, weight) => standardize(x, 1e-5)[0].mul(weight), randn(3, 5), randn(5)),
    one((x) => standardize(x, 0.1)[1], randn(2, 2, 4)),
  ],
  rmsNorm: () => [
    one((x, weight) => t.rmsNorm(x, weight), randn(2, 3, 5), randn(5)),
    one((x, weight) => t.rmsNorm(x, weight, 0.1), randn(4, 3), randn(3)),
  ],
  divideByRms: () => [
    one((x) => divideByRms(x, 1e-5)[0], randn(3, 5)),
    one((x) => divideByRms(x, 0.1)[1], randn(2, 2, 4)),
  ],
  rotate: () => [
    one((x, cos, sin) => t.rotate(x, cos, sin), randn(3, 4), randn(3, 2), randn(3, 2)),
    one((x, cos, sin) => t.rotate(x, cos, sin), randn(2, 3, 2, 6), randn(3, 1, 3), randn(3, 1, 3)),
  ],
  linear: () => [
    one((x, weight, bias) => t.linear(x, weight, bias), randn(3, 4), randn(2, 4), randn(2)),
    one((x, weight, bias) => t.linear(x, weight, bias), randn(2, 3, 4), randn(2, 4), randn(2)),
    one((x, weight) => t.linear(x, weight), randn(2, 3, 4), randn(2, 4)),
  ],
  cachedAttention: () => {
    /** One row of new tokens after `past` others, or with `past` for several rows, one new token each. */
    const attention = (
      ...[nHeads, nKvHeads, time, past, capacity, window]: [number, number, number, number[], number, number?]
    ): Case => {
      const [batch, headDim] = [past.length, 8];
      const int32 = (values: number[], shape: number[]) => t.fromArray(Int32Array.from(values), shape);
      const options = {
        ...{ nHeads, nKvHeads, scale: 0.3, window },
        lastPosition: int32(past.map((count) => count + time - 1), [batch]), // biome-ignore format: a list
        longest: int32([Math.max(...past) + time], []),
      };
      const cache = () => randn(batch, nKvHeads, capacity, headDim);
      const rows = (heads: number) => randn(batch, time, heads * headDim);
      return one(
        (query, key, value, pastKeys, pastValues) => {
          const { mixed, keys, values } = t.cachedAttention(query!, key!, value!, {
            ...options,
            pastKeys: pastKeys!,
            pastValues: pastValues!,
          });
          // Slots of the cache that are still free may hold anything.
          const filled = batch === 1 ? ([null, null, [0, past[0]! + time]] as const) : ([[0, 0]] as const);
          const stored = keys.mul(values).slice(...filled);
          return stored.size > 0 ? mixed.add(stored.mean()) : mixed;
        },
        ...[rows(nHeads), rows(nKvHeads), rows(nKvHeads), cache(), cache()],
      );
    };
    const whole = [attention(1, 1, 2, [0], 2), attention(2, 1, 2, [1], 4), attention(2, 2, 1, [2, 0], 3)];
    return [...whole, attention(2, 1, 3, [1], 4, 2), attention(2, 2, 1, [3, 1], 4, 1), attention(1, 1, 4, [2], 7, 3)];
  },
  blockwiseAttention: () => {
    const attention = (time: number, options: t.BlockwiseAttentionOptions): Case => {
      const operands = [0, 1, 2].map(() => randn(2, 1, time, 3));
      const f = (query: Tensor, key: Tensor, value: Tensor) => {
        const random = options.dropRate === undefined ? undefined : new Random(3);
        return t.blockwiseAttention(query, key, value, { ...options, random });
      };
      return one(f as (...inputs: Tensor[]) => Tensor, ...operands);
    };
    return [
      attention(5, { blockSize: 2 }),
      attention(5, { blockSize: 2, window: 2 }),
      attention(4, { blockSize: 3, dropRate: 0.4 }),
      attention(5, { blockSize: 2, recomputeWeights: false }),
      attention(4, { blockSize: 3, dropRate: 0.4, recomputeWeights: false }),
    ];
  },
  identity: unary((x) => identity(x)),
  zeroRows: () =>
    [
      [true, false, true],
      [true, true, true],
      [false, false, false],
    ].map((keep) => one((x) => zeroRows(x, t.tensor(keep).reshape([3, 1])), randn(3, 4))),
  crossEntropy: () => {
    const targets = ids([5], 4);
    const some = t.tensor([[1, -100, 3], [0, 2, -100]], { dtype: 'int32' }); // biome-ignore format: two rows
    return [
      one((logits) => t.crossEntropy(logits, targets), randn(5, 4)),
      one((logits) => t.crossEntropy(logits, some), randn(2, 3, 4)),
    ];
  },
  dropout: () => [one((x) => t.dropout(x, 0.4, new Random(3)), randn(3, 4))],
};

/**
 * The cases of an operation. The operation's name seeds their numbers, so a new operation leaves the numbers of all others as they are; another
 * `variant` gives other numbers.
 */
function casesOf(name: string, variant = 0): Case[] {
  const seed = [...name].reduce((hash, letter) => (31 * hash + letter.charCodeAt(0)) | 0, 0);
  random = new Random(seed).stream(variant);
  return cases[name]!();
}

/** Operations whose result does not change with an operand, or that have only whole-number operands. */
const withoutGradient = [
  ...['constant', 'range', 'arange', 'full', 'zeros', 'ones', 'tensor', 'fromArray', 'feedTensor', 'randn'],
  ...['eye', 'linspace', 'zerosLike', 'onesLike', 'any', 'all'],
  ...['eq', 'ne', 'lt', 'le', 'gt', 'ge', 'logicalAnd', 'logicalOr', 'logicalNot'],
  ...['argmax', 'argmin', 'topkIndices', 'oneHot'],
];
const notOperations = ['constructor', 'Tensor', 'compute', 'grad'];

describe('gradients', () => {
  it.each(Object.keys(cases))('of %s agree with finite differences, twice over', async (name) => {
    for (const [f, inputs] of casesOf(name)) await checkGradients(f, inputs);
  });

  it('of standardize agree for other numbers, too', async () => {
    for (let variant = 1; variant <= 40; variant++) {
      for (const [f, inputs] of casesOf('standardize', variant)) await checkGradients(f, inputs);
    }
  });

  it('are checked with numbers that do not depend on the other operations', async () => {
    const numbersOf = () => Promise.all(casesOf('standardize').flatMap(([, inputs]) => inputs.map((x) => x.array())));
    const alone = await numbersOf();
    for (const name of Object.keys(cases)) casesOf(name);
    expect(await numbersOf()).toEqual(alone);
  });

  it('reach tensors whose value is 0 or 1', async () => {
    const [zero, one, x] = [t.zeros([]), t.ones([]), t.tensor(3)];
    const gradients = grad(x.add(zero).mul(one).add(one.mul(one)), [zero, one, x]);
    expect(await Promise.all(gradients.map((gradient) => gradient.item()))).toEqual([1, 5, 1]);
  });

  it('of an operation defined by others count every operand once, whatever it comes from', async () => {
    const apply = defineComposite({ name: 'testProduct', definition: ([a, b]) => [a!.mul(b!)] });
    composites.delete('testProduct');
    const x = t.tensor(3);
    const doubled = x.mul(2);
    expect(await grad(apply([x, x], {})[0]!, [x])[0]!.item()).toBe(6);
    expect(await grad(apply([x, doubled], {})[0]!, [x])[0]!.item()).toBe(12);
  });

  it('recompute the same values that the forward pass had', async () => {
    random = new Random(7);
    const inputs = {
      geluTanh: [randn(4, 5)],
      layerNorm: [randn(3, 5), randn(5), randn(5)],
      rmsNorm: [randn(3, 5), randn(5)],
    };
    const recomputable = [...composites.values()].filter(({ recompute }) => recompute);
    expect(recomputable.map(({ name }) => name).sort()).toEqual(Object.keys(inputs));
    for (const { name, definition, recompute } of recomputable) {
      const operands = inputs[name as keyof typeof inputs];
      const again = recompute!(operands, { eps: 1e-5 });
      const [difference] = evaluateOnHost([
        again
          .sub(definition(operands, { eps: 1e-5 })[0]!)
          .abs()
          .max(),
      ]);
      expect(difference!.data[0], name).toBeLessThan(1e-12);
      await checkValues([again]);
    }
  });

  it('are checked for every operation there is', () => {
    const checked = new Set([...Object.keys(cases), ...withoutGradient, ...notOperations]);
    const methods = Object.getOwnPropertyNames(t.Tensor.prototype);
    const functions = Object.entries(t).flatMap(([name, value]) => (typeof value === 'function' ? [name] : []));
    const operations = [...primitives.keys(), ...composites.keys(), ...methods, ...functions];
    expect(operations.filter((name) => !checked.has(name))).toEqual([]);
  });

  it('every primitive has a second implementation to be compared with', () => {
    expect([...primitives.keys()].filter((name) => !hostRuleNames.includes(name))).toEqual([]);
  });
});
