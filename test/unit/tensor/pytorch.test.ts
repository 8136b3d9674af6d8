import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { allocate } from '../../../src/core/dtype.ts';
import { sizeOf } from '../../../src/core/shape.ts';
import * as t from '../../../src/tensor/index.ts';
import { grad, type Tensor } from '../../../src/tensor/index.ts';

/** Operations against what PyTorch computes: values and gradients, recorded by test/support/fixtures/make-torch-values.py. */

interface Recorded {
  dtype: t.DType;
  shape: number[];
  /** Numbers, truth values, or what JSON has not: 'nan', 'inf', '-inf'. */
  data: (number | boolean | string)[];
}

interface RecordedCase {
  inputs: Recorded[];
  outputs: Recorded[];
  gradients: (Recorded | null)[];
}

const cases: Record<string, RecordedCase> = JSON.parse(readFileSync('test/support/fixtures/torch-values.json', 'utf8'));

const functions: Record<string, (...operands: Tensor[]) => Tensor | Tensor[]> = {
  var: (x) => x.var(),
  'var: dims from the end, biased': (x) => x.var([-1, 0], true, { correction: 0 }),
  'var: of one element': (x) => x.var(1),
  'var: of one element, biased': (x) => x.var(1, false, { correction: 0 }),
  'var: of nothing': (x) => x.var(1),
  std: (x) => x.std(-1),
  'std: biased': (x) => x.std([0, 2], true, { correction: 0 }),
  'std: of equal elements': (x) => x.std(1),
  'std: of one element': (x) => x.std(1),
  'mean: of nothing': (x) => x.mean(1),
  'max: ties': (x) => x.max(1),
  min: (x) => x.min(),
  'min: ties': (x) => x.min(-1, true),
  'min: int32': (x) => x.min([0, 2]),
  'argmax: flattened, ties': (x) => x.argmax(),
  'argmin: flattened, ties': (x) => x.argmin(),
  argmin: (x) => x.argmin(-1, true),
  'argmin: int32, ties': (x) => x.argmin(0),
  cumsum: (x) => x.cumsum(-1),
  'cumsum: first dimension': (x) => x.cumsum(0),
  'cumsum: int32': (x) => x.cumsum(0),
  'cumsum: of nothing': (x) => x.cumsum(1),
  topk: (x) => both(x.topk(2)),
  'topk: first dimension, all of it': (x) => both(x.topk(3, 0)),
  'topk: of one element': (x) => both(x.topk(1, -2)),
  'topk: none': (x) => both(x.topk(0)),
  'topk: int32': (x) => both(x.topk(3)),
  squeeze: (x) => x.squeeze(),
  'squeeze: last': (x) => x.squeeze(-1),
  'squeeze: not of length 1': (x) => x.squeeze(1),
  flatten: (x) => x.flatten(),
  'flatten: some': (x) => x.flatten(1, -2),
  'flatten: a scalar': (x) => x.flatten(),
  clamp: (x) => x.clamp(-1, 1),
  'clamp: from below': (x) => x.clamp(0.5),
  'clamp: from above': (x) => x.clamp(undefined, 0.5),
  'clamp: bounds that cross': (x) => x.clamp(1, -1),
  'clamp: int32': (x) => x.clamp(-1, 2),
  split: (x) => x.split(2),
  'split: sizes': (x) => x.split([1, 0, 3], -1),
  'split: longer than there is': (x) => x.split(9, 1),
  'split: nothing': (x) => x.split(2),
  chunk: (x) => x.chunk(3, -1),
  'chunk: fewer than asked for': (x) => x.chunk(4),
  'chunk: nothing': (x) => x.chunk(3),
  stack: (x, y) => t.stack([x, y, x]),
  'stack: last': (x, y) => t.stack([x, y], -1),
  'stack: scalars': (x, y) => t.stack([x, y]),
  tril: (x) => x.tril(),
  'tril: above': (x) => x.tril(1),
  'tril: below, int32': (x) => x.tril(-2),
  triu: (x) => x.triu(),
  'triu: above': (x) => x.triu(1),
  'triu: below': (x) => x.triu(-1),
  maskedFill: (x, mask) => x.maskedFill(mask, -1.5),
  oneHot: (index) => t.oneHot(index, 4),
  'einsum: product': (x, y) => t.einsum('ij,jk->ik', x, y),
  'einsum: attention': (q, k) => t.einsum('bqhd,bkhd->bhqk', q, k),
  'einsum: outer': (x, y) => t.einsum('i,j->ji', x, y),
  'einsum: inner': (x, y) => t.einsum('ij,ij->', x, y),
  'einsum: one operand': (x) => t.einsum('ijk->ki', x),
  'einsum: three operands': (x, y, z) => t.einsum('ab,cbd,ad->ca', x, y, z),
  square: (x) => x.square(),
  rsqrt: (x) => x.rsqrt(),
  relu: t.relu,
  softplus: t.softplus,
  logSigmoid: t.logSigmoid,
  'causal attention': (x) => {
    const [q, k, v] = x.split(6, 2).map((part) => part.reshape([2, 4, 2, 3]).transpose(1, 2)) as [
      Tensor,
      Tensor,
      Tensor,
    ];
    const future = t.ones([4, 4]).tril().eq(0);
    const scores = q.matmul(k.transpose(-2, -1)).div(Math.sqrt(3));
    const weights = scores.maskedFill(future, Number.NEGATIVE_INFINITY).softmax(-1);
    return weights.matmul(v).transpose(1, 2).reshape([2, 4, 6]);
  },
  pow: (x, y) => x.pow(y),
  'pow: 0 as base': (x, y) => x.pow(y),
  'pow: negative base': (x, y) => x.pow(y),
  'abs: at 0': (x) => x.abs(),
  'sign: at 0': (x) => x.sign(),
  'sqrt: at 0': (x) => x.sqrt(),
  'rsqrt: at 0': (x) => x.rsqrt(),
  'log: at 0': (x) => x.log(),
  'div: by 0': (x, y) => x.div(y),
  'maximum: ties': (x, y) => x.maximum(y),
  'minimum: ties': (x, y) => x.minimum(y),
  'norm: of zeros': (x) => x.square().sum().sqrt(),
  'slice: empty': (x) => t.concat([x.slice(null, [1, 1]), x], 1),
  'slice: nothing, its sum': (x) => x.slice([0, 0]).sum(0),
  'slice: nothing, multiplied': (x) => x.slice(null, [0, 0]).matmul(x.slice([0, 0])),
  T: (x) => x.T,
  floor: (x) => x.floor(),
  ceil: (x) => x.ceil(),
  'round: halves to even': (x) => x.round(),
  prod: (x) => x.prod(),
  'prod: one zero': (x) => x.prod(1, true),
  'prod: two zeros': (x) => x.prod(-1),
  'prod: int32': (x) => x.prod(0),
  'prod: of nothing': (x) => x.prod(1),
  norm: (x) => x.norm(),
  'norm: some dimensions': (x) => x.norm([0, -1], true),
  'norm: of a row of zeros': (x) => x.norm(1),
  sort: (x) => both(x.sort()),
  'sort: descending, ties': (x) => both(x.sort(1, { descending: true })),
  'sort: ties, first dimension': (x) => both(x.sort(0)),
  'sort: int32': (x) => both(x.sort()),
  'sort: nothing': (x) => both(x.sort(1)),
  any: (x) => x.any(1),
  'any: numbers, all dimensions': (x) => x.any(),
  'any: of nothing': (x) => x.any(1),
  all: (x) => x.all(0, true),
  'all: int32': (x) => x.all(-1),
  'all: of nothing': (x) => x.all(1),
  eye: () => t.eye(2, 3),
  linspace: () => t.linspace(-1, 2, 7),
  'linspace: one': () => t.linspace(-1, 2, 1),
  zerosLike: t.zerosLike,
  onesLike: t.onesLike,
  mseLoss: t.mseLoss,
  'einsum: dots': (x, y) => t.einsum('...ij,...jk->...ik', x, y),
  'einsum: dots of one operand': (x, y) => t.einsum('i...,ij->j...', x, y),
  'einsum: dots for nothing': (x, y) => t.einsum('...i,...i->...', x, y),
};

/** Those that are also asked at the edges of what they are defined for, by the beginning of the cases' names. */
const atEdges: Record<string, (...operands: Tensor[]) => Tensor | Tensor[]> = {
  ...Object.fromEntries(
    ['abs', 'sign', 'sqrt', 'log', 'exp', 'tanh', 'sigmoid', 'erf', 'floor', 'round', 'rsqrt'].map((name) => [
      name,
      (x: Tensor) => x[name as 'abs'](),
    ]),
  ),
  ...{ relu: t.relu, softplus: t.softplus, silu: t.silu, logSigmoid: t.logSigmoid },
  gelu: (x) => t.gelu(x, 'none'),
  clamp: (x) => x.clamp(0, 1),
  'clamp below': (x) => x.clamp(0),
  'clamp above': (x) => x.clamp(undefined, 0),
  ...Object.fromEntries([0, 1, 2, 3, 0.5, -1].map((exponent) => [`pow ${exponent}`, (x: Tensor) => x.pow(exponent)])),
  pow: (x, y) => x.pow(y),
  maximum: (x, y) => x.maximum(y),
  minimum: (x, y) => x.minimum(y),
  div: (x, y) => x.div(y),
  prod: (x) => x.prod(),
  norm: (x) => x.norm(),
  std: (x) => x.std(0),
  'std biased': (x) => x.std(0, false, { correction: 0 }),
  var: (x) => x.var(0),
  softmax: (x) => x.softmax(0),
  logSoftmax: (x) => x.logSoftmax(0),
  logSumExp: (x) => x.logSumExp(),
  max: (x) => x.max(),
  min: (x) => x.min(),
  argmax: (x) => x.argmax(),
  cumsum: (x) => x.cumsum(0),
  sort: (x) => both(x.sort()),
  'sort descending': (x) => both(x.sort(0, { descending: true })),
  topk: (x) => both(x.topk(2)),
};

/** The function that a case is about: its own, or one at the edges, such as `NaN: relu` or `prod of [0, 2, 3]`. */
function functionOf(name: string): (...operands: Tensor[]) => Tensor | Tensor[] {
  return functions[name] ?? atEdges[/^(?:edges|NaN): (.*)$/.exec(name)?.[1] ?? name.replace(/ of \[.*/, '')]!;
}

const [nan, inf] = [Number.NaN, Number.POSITIVE_INFINITY];

/** Where ours differ from PyTorch's; docs/conventions.md tells why. */
const differences: Record<string, { outputs?: number[][]; gradients?: number[][] }> = {
  'edges: pow 0.5': { outputs: [[inf, nan, 0, 0, 1, inf]], gradients: [[0, nan, inf, inf, 2.5, 0]] },
  'NaN: relu': { gradients: [[0]] },
  'NaN: abs': { gradients: [[nan]] },
  'NaN: sign': { outputs: [[nan]] },
  'NaN: clamp': { gradients: [[1]] },
  'NaN: clamp below': { gradients: [[1]] },
  'NaN: clamp above': { gradients: [[1]] },
  'NaN: maximum': {
    gradients: [
      [0, 0],
      [0, 0],
    ],
  },
  'NaN: minimum': {
    gradients: [
      [0, 0],
      [0, 0],
    ],
  },
  'prod of [inf, 0, 3]': { gradients: [[nan, inf, nan]] },
  'prod of [nan, 0, 3]': { gradients: [[nan, nan, nan]] },
  'prod of [inf, 0, 0]': { gradients: [[0, nan, nan]] },
  'var of [inf, 1]': { gradients: [[nan, nan]] },
  'max of [1, nan, 3]': { outputs: [[3]], gradients: [[0, 0, 1]] },
  'min of [1, nan, 3]': { outputs: [[1]], gradients: [[1, 0, 0]] },
  'sort of [nan, inf]': {
    outputs: [
      [nan, inf],
      [0, 1],
    ],
    gradients: [[1, 2]],
  },
};

const both = ({ values, indices }: { values: Tensor; indices: Tensor }) => [values, indices];

const numbersOf = ({ data }: Recorded) =>
  data.map((value) => (typeof value === 'string' ? Number(value.replace('inf', 'Infinity')) : Number(value)));

function tensorOf(recorded: Recorded): Tensor {
  const data = allocate(recorded.dtype, recorded.data.length);
  data.set(numbersOf(recorded));
  return t.fromArray(data, recorded.shape);
}

async function expectRecorded(actual: Tensor, expected: Recorded, what: string): Promise<void> {
  expect([actual.dtype, actual.shape], what).toEqual([expected.dtype, expected.shape]);
  const [found, wanted] = [await actual.data(), numbersOf(expected)];
  const scale = Math.max(1, ...wanted.filter(Number.isFinite).map(Math.abs));
  for (const [i, value] of wanted.entries()) {
    const isClose = Object.is(found[i], value) || found[i] === value || Math.abs(found[i]! - value) <= 1e-6 * scale;
    expect(isClose, `${what}: element ${i} is ${found[i]}, but PyTorch's is ${value}`).toBe(true);
  }
}

/** A case with our numbers where they differ from PyTorch's. */
function withOurs(recorded: RecordedCase, { outputs = [], gradients = [] }: (typeof differences)[string] = {}) {
  const replaced = (all: (Recorded | null)[], ours: number[][]) =>
    all.map((one, i) => (ours[i] && one ? { ...one, data: ours[i] } : one));
  return {
    inputs: recorded.inputs,
    outputs: replaced(recorded.outputs, outputs) as Recorded[],
    gradients: replaced(recorded.gradients, gradients),
  };
}

describe('PyTorch computes the same for', () => {
  it.each(Object.keys(cases))('%s', async (name) => {
    const { inputs, outputs, gradients } = withOurs(cases[name]!, differences[name]);
    const operands = inputs.map(tensorOf);
    const results = [functionOf(name)(...operands)].flat();
    expect(results.length).toBe(outputs.length);
    for (const [i, result] of results.entries()) await expectRecorded(result, outputs[i]!, `output ${i}`);

    const loss = results
      .filter(({ dtype }) => dtype === 'float32')
      .map((y) => y.mul(t.arange(sizeOf(y.shape)).reshape(y.shape).add(1).to('float32')).sum())
      .reduce((sum, part) => sum.add(part), t.zeros([]));
    for (const [i, gradient] of grad(loss, operands).entries()) {
      if (gradients[i]) await expectRecorded(gradient, gradients[i], `gradient ${i}`);
    }
  });

  it('everything it was asked', () => {
    expect(Object.keys(functions).filter((name) => !(name in cases))).toEqual([]);
    expect(Object.keys(cases).filter((name) => !functionOf(name))).toEqual([]);
    expect(Object.keys(differences).filter((name) => !(name in cases))).toEqual([]);
  });
});
