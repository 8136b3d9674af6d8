import { describe, expect, it } from 'vitest';
import { TsgptError } from '../../../src/core/errors.ts';
import { defineComposite } from '../../../src/tensor/composite.ts';
import * as t from '../../../src/tensor/index.ts';

/** Mistakes in shapes and types must throw on the line where they are made, long before anything is computed. */

const float = (...shape: number[]) => t.zeros(shape).named('left');
const other = (...shape: number[]) => t.zeros(shape).named('right');
const int = (...shape: number[]) => t.zeros(shape, 'int32').named('index');
const bool = (...shape: number[]) => t.zeros(shape, 'bool').named('mask');

/** The mistake, and what its error must mention. */
const mistakes: Record<string, [write: () => unknown, ...mentions: string[]]> = {
  'add: shapes': [() => float(2, 3).add(other(4)), 'add', '[2, 3]', '[4]'],
  'mul: shapes': [() => float(2, 3).mul(other(3, 3)), 'mul', '[2, 3]', '[3, 3]'],
  'add: types': [() => float(2).add(int(2)), 'add', 'left [2] is float32', 'index [2] is int32', ".to('float32')"],
  'add: bool': [() => bool(2).add(bool(2)), 'add', 'mask [2] is bool'],
  'lt: types': [() => int(2).lt(other(2)), 'index [2] is int32', 'right [2] is float32'],
  'div: int32': [() => int(2).div(int(2)), 'div', 'index [2] is int32', 'float32'],
  'logicalAnd: numbers': [() => int(2).logicalAnd(int(2)), 'logicalAnd', 'index [2] is int32', 'bool'],
  'logicalNot: numbers': [() => float(2).logicalNot(), 'logicalNot', 'left [2] is float32', 'bool'],
  'neg: bool': [() => bool(3).neg(), 'neg', 'mask [3] is bool', 'float32'],
  'exp: int32': [() => int(3).exp(), 'exp', 'index [3] is int32', 'float32'],
  'to: unknown type': [() => float(2).to('float64' as t.DType), 'float64', 'float32, int32, bool'],
  'where: condition': [() => t.where(int(2), 1, 2), 'where', 'index [2] is int32', 'bool'],
  'where: shapes': [() => t.where(bool(2), float(2), other(3)), 'where', '[2]', '[3]'],
  'where: condition shape': [() => t.where(bool(4), float(2, 3), 0), 'where', '[4]', '[2, 3]'],
  'where: types': [() => t.where(bool(2), float(2), int(2)), 'where', 'left [2] is float32', 'index [2] is int32'],

  'matmul: inner length': [() => float(2, 3).matmul(other(4, 5)), 'matmul', 'left [2, 3]', 'right [4, 5]'],
  'matmul: swapped': [() => float(2, 3).matmul(other(4, 5).transpose(0, 1)), 'matmul', 'left [2, 3]', 'right [4, 5]'],
  'matmul: stacks': [() => float(2, 3, 4).matmul(other(3, 4, 5)), 'matmul', 'left [2, 3, 4]', 'right [3, 4, 5]'],
  'matmul: scalar': [() => float().matmul(other(2)), 'matmul', 'scalar', 'mul'],
  'matmul: int32': [() => int(2, 2).matmul(int(2, 2)), 'matmul', 'index [2, 2] is int32'],
  'linear: width': [
    () => t.linear(float(2, 3), other(5, 4)),
    'linear',
    'input left [2, 3]',
    '3 elements',
    'right [5, 4] needs 4',
  ],
  'linear: bias': [() => t.linear(float(2, 3), other(5, 3), float(4)), 'linear', 'left [4]', '5 elements'],
  'layerNorm: weight': [
    () => t.layerNorm(float(2, 3), other(4), other(3)),
    'layerNorm: the rows of the input left [2, 3] have 3 elements, but the weight right [4] has 4',
  ],
  'layerNorm: bias': [
    () => t.layerNorm(float(2, 3), other(3), other(2)),
    'layerNorm: the rows of the input left [2, 3] have 3 elements, but the bias right [2] has 2',
  ],
  'rmsNorm: weight': [
    () => t.rmsNorm(t.zeros([2, 3]), t.zeros([5])),
    'rmsNorm: the rows of the input [2, 3] have 3 elements, but the weight [5] has 5',
  ],
  'layerNorm: scalar': [() => t.layerNorm(float(), other(3), other(3)), 'layerNorm: a scalar has no rows'],

  'reshape: count': [() => float(2, 3).reshape([4]), 'reshape', 'left [2, 3]', '6 elements', '[4]'],
  'reshape: remainder': [() => float(2, 3).reshape([-1, 4]), 'reshape', 'left [2, 3]', '[-1, 4]'],
  'reshape: two unknown': [() => float(2, 3).reshape([-1, -1]), 'reshape', 'left [2, 3]', '[-1, -1]'],
  'reshape: negative': [() => float(2, 3).reshape([-2, 3]), '[-2, 3]', 'whole numbers'],
  'permute: too few': [() => float(2, 3).permute(0), 'permute', 'left [2, 3]', '[0]'],
  'permute: twice': [() => float(2, 3).permute(0, 0), 'permute', 'left [2, 3]', '[0, 0]'],
  'permute: unknown': [() => float(2, 3).permute(0, 2), 'permute', 'dimension 2', '2 dimensions'],
  'transpose: unknown': [() => float(2, 3).transpose(0, -3), 'transpose', 'dimension -3', '2 dimensions'],
  'unsqueeze: unknown': [() => float(2).unsqueeze(3), 'unsqueeze', 'dimension 3'],
  'expand: shapes': [() => float(2, 3).expand([2, 4]), 'expand', '[2, 3]', '[2, 4]'],
  'expand: smaller': [() => float(2, 3).expand([3]), 'expand', 'left [2, 3]', '[3]'],
  'slice: too many': [() => float(2, 3).slice(null, null, [0, 1]), 'slice', 'left [2, 3]', '3 ranges'],
  'slice: fraction': [() => float(2, 3).slice([0.5, 1]), 'slice', '[0.5, 1]', 'dimension 0'],
  'pad: amounts': [() => t.pad(float(2, 3), [1], [1, 2]), 'pad', 'left [2, 3]'],
  'concat: none': [() => t.concat([]), 'concat', 'at least one'],
  'concat: lengths': [() => t.concat([float(2, 3), other(2, 4)], 0), 'concat', 'left [2, 3]', 'right [2, 4]'],
  'concat: rank': [() => t.concat([float(2, 3), other(2)], 0), 'concat', 'left [2, 3]', 'right [2]'],
  'concat: types': [() => t.concat([float(2), int(2)]), 'concat', 'left [2] is float32', 'index [2] is int32'],
  'concat: unknown': [() => t.concat([float(2), other(2)], 1), 'concat', 'dimension 1'],

  'sum: unknown': [() => float(2, 3).sum(2), 'sum', 'dimension 2', '2 dimensions'],
  'sum: twice': [() => float(2, 3).sum([1, -1]), 'sum', '[1, 1]', 'twice'],
  'sum: bool': [() => bool(2).sum(), 'sum', 'mask [2] is bool', ".to('float32')"],
  'mean: int32': [() => int(2).mean(), 'mean', 'index [2] is int32'],
  'softmax: unknown': [() => float(2).softmax(1), 'softmax', 'dimension 1'],
  'softmax: int32': [() => int(2).softmax(0), 'softmax', 'index [2] is int32'],
  'argmax: unknown': [() => float(2, 3).argmax(2), 'argmax', 'dimension 2'],

  'argmin: of nothing': [() => float(2, 0).argmin(1), 'argmin', 'left [2, 0]', 'dimension 1'],
  'max: of nothing': [() => float(2, 0).max(), 'max', 'left [2, 0]', 'dimension 1'],
  'min: bool': [() => bool(2).min(), 'min', 'mask [2] is bool', ".to('float32')"],
  'var: int32': [() => int(2).var(), 'var', 'index [2] is int32', ".to('float32')"],
  'std: int32': [() => int(2).std(), 'std', 'index [2] is int32', ".to('float32')"],
  'std: unknown': [() => float(2).std(1), 'std', 'dimension 1'],
  'var: unknown length': [() => float(t.openLengths.time).var(), 'var', 'not known', 'mean()'],
  'cumsum: bool': [() => bool(2).cumsum(0), 'cumsum', 'mask [2] is bool', ".to('float32')"],
  'cumsum: unknown': [() => float(2).cumsum(1), 'cumsum', 'dimension 1'],
  'topk: too many': [() => float(2, 3).topk(4), 'topk', 'k must be', '0 to 3', 'left [2, 3]', 'is 4'],
  'topk: fraction': [() => float(3).topk(1.5), 'topk', 'whole number', '1.5'],
  'topk: bool': [() => bool(3).topk(1), 'topk', 'mask [3] is bool'],

  'squeeze: unknown': [() => float(2).squeeze(1), 'squeeze', 'dimension 1'],
  'flatten: order': [() => float(2, 3).flatten(1, 0), 'flatten', 'left [2, 3]', 'dimension 1', 'dimension 0'],
  'split: sizes': [() => float(2, 3).split([1, 1], 1), 'split', '[1, 1]', 'add up to 3', 'left [2, 3]'],
  'split: size': [() => float(3).split(0), 'split', 'at least 1', 'is 0'],
  'split: negative': [() => float(3).split([4, -1]), 'split', '[4, -1]', 'left [3]'],
  'split: unknown length': [() => float(t.openLengths.time).split(2), 'split', 'not known', 'dimension 0'],
  'chunk: none': [() => float(3).chunk(0), 'chunk', 'at least 1', 'is 0'],
  'stack: shapes': [() => t.stack([float(2), other(3)]), 'stack', 'left [2]', 'right [3]'],
  'stack: none': [() => t.stack([]), 'stack', 'at least one'],
  'stack: types': [() => t.stack([float(2), int(2)]), 'stack', 'left [2] is float32', 'index [2] is int32'],
  'tril: vector': [() => float(3).tril(), 'tril', 'left [3]', '2 dimensions'],
  'triu: fraction': [() => float(3, 3).triu(0.5), 'triu', 'whole number', '0.5'],
  'clamp: no bound': [() => float(3).clamp(), 'clamp', 'smallest', 'largest'],
  'clamp: fraction': [() => int(3).clamp(0.5), '0.5', 'index [3]', ".to('float32')"],
  'maskedFill: mask': [() => float(3).maskedFill(other(3).gt(0).expand([2, 3]), 0), 'maskedFill', '[2, 3]', 'left [3]'],
  'maskedFill: type': [() => float(3).maskedFill(int(3), 0), 'index [3] is int32', 'bool'],
  'oneHot: type': [() => t.oneHot(float(3), 2), 'oneHot', 'left [3] is float32', 'int32'],
  'einsum: form': [() => t.einsum('ij,jk', float(2, 3), other(3, 4)), 'einsum', "'ij,jk'", 'ij,jk->ik'],
  'einsum: operands': [() => t.einsum('ij,jk->ik', float(2, 3)), 'einsum', '2 operands', '1'],
  'einsum: dimensions': [() => t.einsum('ijk->i', float(2, 3)), 'einsum', '"ijk"', 'left [2, 3]'],
  'einsum: lengths': [() => t.einsum('ij,jk->ik', float(2, 3), other(4, 5)), 'einsum', '"j"', 'right [4, 5]', '3', '4'],
  'einsum: diagonal': [() => t.einsum('ii->i', float(2, 2)), 'einsum', '"ii"', 'twice'],
  'einsum: dots not in the result': [() => t.einsum('...i->i', float(2, 2)), 'einsum', '"..."', 'result'],
  'einsum: dots for too few': [() => t.einsum('ij...->...', float(2)), 'einsum', '"ij..."', 'left [2]'],
  'einsum: dots that do not broadcast': [
    () => t.einsum('...i,...i->...', float(2, 3), other(4, 3)),
    'einsum',
    '[2]',
    '[4]',
  ],
  'einsum: dots twice': [() => t.einsum('...i...->...', float(2, 3)), 'einsum', 'not of the form'],
  'T: of a vector': [() => float(3).T, 'left [3] is no matrix', 'transpose(-2, -1)'],
  'prod: bool': [() => bool(2).prod(), 'prod', 'mask [2] is bool'],
  'norm: int32': [() => int(2).norm(), 'norm', 'index [2] is int32'],
  'floor: int32': [() => int(2).floor(), 'floor', 'index [2] is int32'],
  'sort: bool': [() => bool(2).sort(), 'sort', 'mask [2] is bool'],
  'mseLoss: shapes': [() => t.mseLoss(float(2, 3), other(3)), 'mseLoss', '[2, 3]', '[3]'],
  'arange: fraction': [() => t.arange(0, 1, 0.25), 'arange', 'step', 'whole number', '0.25'],
  'arange: too long': [() => t.arange(3e9), 'arange', 'end', 'int32', '3000000000'],
  'arange: the other way': [() => t.arange(2, 10, -1), 'arange', 'steps of -1', 'from 2 to 10'],
  'arange: no step': [() => t.arange(2, 10, 0), 'arange', 'step', '0'],
  'blockwiseAttention: no block': [
    () => t.blockwiseAttention(float(1, 1, 2, 2), other(1, 1, 2, 2), other(1, 1, 2, 2), { blockSize: 0 }),
    'blockSize must be a whole number of at least 1, but is 0',
  ],
  'blockwiseAttention: no window': [
    () => t.blockwiseAttention(float(1, 1, 2, 2), other(1, 1, 2, 2), other(1, 1, 2, 2), { blockSize: 1, window: 0 }),
    'window',
    'at least 1, but is 0',
  ],
  'blockwiseAttention: keys of another length': [
    () => t.blockwiseAttention(float(1, 1, 2, 2), other(1, 1, 3, 2), other(1, 1, 3, 2), { blockSize: 1 }),
    '[1, 1, 2, 2]',
    '[1, 1, 3, 2]',
    'same shape',
  ],
  'eye: fraction': [() => t.eye(1.5), 'eye', '1.5'],
  'linspace: nothing': [() => t.linspace(0, Number.NaN, 2), 'linspace: end', 'NaN'],
  'linspace: count': [() => t.linspace(0, 1, -1), 'linspace: the count', '-1'],
  'einsum: unknown letter': [() => t.einsum('ij->ik', float(2, 2)), 'einsum', '"ik"', 'no operand'],

  'rows: type of index': [
    () => float(2, 3).rows(t.zeros([2])),
    "rows: the index [2] is float32, but must be int32; make it with tensor(…, { dtype: 'int32' })",
  ],
  'rows: of a scalar': [() => float().rows(int(2)), 'rows', 'scalar'],
  'gather: type of index': [() => float(2, 3).gather(1, other(2, 1)), 'gather', 'right [2, 1] is float32', 'int32'],
  'gather: rank': [() => float(2, 3).gather(1, int(2)), 'gather', 'left [2, 3]', '[2]'],
  'gather: length': [() => float(2, 3).gather(1, int(4, 1)), 'gather', 'left [2, 3]', '[4, 1]'],
  'scatterAdd: source': [() => float(2, 3).scatterAdd(1, int(2, 1), other(2, 2)), 'scatterAdd', '[2, 1]', '[2, 2]'],
  'crossEntropy: shapes': [
    () => t.crossEntropy(float(2, 3, 5), int(2, 4)),
    'crossEntropy',
    '[2, 3, 5]',
    '[2, 3]',
    '[2, 4]',
  ],
  'crossEntropy: type': [() => t.crossEntropy(float(2, 5), other(2)), 'crossEntropy', 'int32', 'float32'],
  'crossEntropy: scalar': [() => t.crossEntropy(float(), int()), 'crossEntropy', '[]'],

  'defineComposite: name': [() => defineComposite({ name: 'exp', definition: ([x]) => [x!] }), 'exp', 'already'],
  'grad: not a scalar': [() => t.grad(float(2), [float(2)]), 'grad', 'left [2]', 'one element'],
  'grad: int32': [() => t.grad(int(), [float(2)]), 'grad', 'index [] is int32', 'float32'],
  'fromArray: length': [() => t.fromArray(new Float32Array(5), [2, 3], 'weights'), 'weights', '[2, 3]', '6', '5'],
  'fromArray: negative': [() => t.fromArray(new Float32Array(2), [-2, -1]), '[-2, -1]', 'whole numbers'],
};

/** Passes what TypeScript would refuse, as a program in JavaScript can. */
// biome-ignore lint/suspicious/noExplicitAny: the mistakes are those of types
const any = (value?: unknown): any => value;

const noNumbers = 'tensor: give numbers, truth values, or arrays of them, but not';
const typeMistakes: Record<string, [write: () => unknown, message: string]> = {
  'tensor: string': [() => t.tensor(any('abc')), `${noNumbers} 'abc'`],
  'tensor: numbers in a string': [() => t.tensor(any(['1', '2'])), `${noNumbers} '1' inside`],
  'tensor: nothing': [() => t.tensor(any()), `${noNumbers} undefined`],
  'tensor: null': [() => t.tensor(any([1, null])), `${noNumbers} null inside`],
  'tensor: hole': [() => t.tensor(any(Array(2))), `${noNumbers} undefined inside`],
  'tensor: bigint': [() => t.tensor(any([1, 2n])), `${noNumbers} 2n inside`],
  'tensor: date': [() => t.tensor(any(new Date(0))), `${noNumbers} a Date`],
  'tensor: boxed number': [() => t.tensor(any([Object(1)])), `${noNumbers} a Number inside`],
  'tensor: object': [() => t.tensor(any({ length: 2, 0: 1, 1: 2 })), `${noNumbers} an object`],
  'tensor: tensor': [() => t.tensor(any(float(2))), `${noNumbers} a Tensor`],
  'tensor: symbol': [() => t.tensor(any(Symbol('s'))), `${noNumbers} Symbol(s)`],
  'tensor: buffer': [() => t.tensor(any(new ArrayBuffer(4))), `${noNumbers} an ArrayBuffer`],
  'tensor: view': [() => t.tensor(any(new DataView(new ArrayBuffer(4)))), `${noNumbers} a DataView`],
  'tensor: bigints': [
    () => t.tensor(any(BigInt64Array.of(1n))),
    'tensor: a BigInt64Array holds bigints; convert it with Array.from(array, Number)',
  ],
  'tensor: mixed': [() => t.tensor([1, true]), 'tensor: numbers and truth values are mixed; say with the option dtype'],
  'tensor: endless': [
    () => {
      const inside: unknown[] = [];
      inside.push(inside);
      return t.tensor(any(inside));
    },
    'tensor: the arrays are nested more than 64 deep',
  ],
  'tensor: ragged rows in typed arrays': [
    () => t.tensor([Float32Array.of(1, 2), Float32Array.of(1)]),
    'tensor: every entry at depth 1 must be an array of 2, as the first one is',
  ],
  'tensor: shape': [() => t.tensor([1, 2, 3], { shape: [2, 2] }), 'a tensor of shape [2, 2] has 4 elements, but got 3'],
  'tensor: type for an option': [
    () => t.tensor([1], any('int32')),
    "tensor: give the options as an object, as in { dtype: … }, but not 'int32'",
  ],
  'tensor: unsigned': [() => t.tensor(Uint32Array.of(2 ** 32 - 1)), 'tensor: 4294967295 does not fit into int32'],
  'full: nothing': [() => t.full([2], any()), 'full: the value must be a number, but is undefined'],
  'full: string': [() => t.full([2], any('1')), "full: the value must be a number, but is '1'"],
  'full: fraction': [() => t.full([2], 0.5, 'int32'), 'full: 0.5 is not a whole number that fits into int32'],
  'randn: nothing': [
    () => t.randn([2], any()),
    'randn: give a source of random numbers, as in randn([2], new Random(1)), but not undefined',
  ],
  'tensor: fraction': [
    () => t.tensor([1.5, 2], { dtype: 'int32' }),
    'tensor: 1.5 is not a whole number, but dtype is int32',
  ],
  'tensor: large': [() => t.tensor(2 ** 31, { dtype: 'int32' }), 'tensor: 2147483648 does not fit into int32'],
  'tensor: type': [
    () => t.tensor(1, { dtype: any('float64') }),
    'tensor: there is no element type float64; choose float32, int32, bool',
  ],

  'add: array': [
    () => float(3).add(any([1, 2, 3])),
    'add: the operand must be a tensor or a number, but is an array; make it a tensor with tensor(…)',
  ],
  'add: string': [() => float(3).add(any('a')), "add: the operand must be a tensor or a number, but is 'a'"],
  'mul: nothing': [() => float(3).mul(any()), 'mul: the operand must be a tensor or a number, but is undefined'],
  'matmul: number': [() => float(3).matmul(any(3)), 'matmul: the operand must be a tensor, but is 3'],
  'clamp: options': [
    () => float(3).clamp(any({ min: 2 })),
    'clamp: the operand must be a tensor or a number, but is an',
  ],
  'where: condition': [() => t.where(any(true), 1, 2), 'where: the operand must be a tensor, but is true'],
  'where: array': [
    () => t.where(bool(2), any([1, 2]), 0),
    'where: the operand must be a tensor or a number, but is an',
  ],
  'stack: no array': [
    () => t.stack(any(float(2)), any(float(2))),
    'stack: give the tensors as an array, as in stack([a',
  ],
  'concat: no array': [() => t.concat(any(float(2)), any(float(2))), 'concat: give the tensors as an array'],
  'concat: numbers': [() => t.concat(any([1, 2])), 'concat: the operand must be a tensor, but is 1'],
  'linear: array': [() => t.linear(any([1, 2]), float(2, 2)), 'linear: the operand must be a tensor, but is an array'],
  'gelu: array': [() => t.gelu(any([1, 2])), 'geluTanh: the operand must be a tensor, but is an array'],
  'rows: array': [() => float(2, 3).rows(any([1])), 'rows: the operand must be a tensor, but is an array'],
  'crossEntropy: nothing': [
    () => t.crossEntropy(float(2, 3), any()),
    'crossEntropy: the operand must be a tensor, but is undefined',
  ],

  'std: options': [
    () => float(3).std(0, any({ keepDim: true })),
    'std: keepDim must be true or false, but is an object',
  ],
  'sum: keepDim': [
    () => float(3).sum(0, any({ keepDim: true })),
    'sum: keepDim must be true or false, but is an object',
  ],
  'sum: options': [
    () => float(3).sum(any({ keepDim: true })),
    'sum: a dimension must be a whole number, but is an object',
  ],
  'argmax: keepDim': [() => float(3).argmax(0, any(1)), 'argmax: keepDim must be true or false, but is 1'],
  'cumsum: nothing': [() => float(3).cumsum(any()), 'cumsum: give a dimension'],
  'transpose: nothing': [() => float(3, 2).transpose(any(), any()), 'transpose: give a dimension'],
  'permute: array': [
    () => float(3, 2).permute(any([1, 1])),
    'permute: give the dimensions one by one, as in permute(1, 0)',
  ],
  'split: string': [
    () => float(3).split(any('abc')),
    "split: the sizes must be a whole number or an array of them, but are 'abc'",
  ],
  'reshape: numbers': [
    () => float(2, 3).reshape(any(3)),
    'reshape: the shape must be an array of whole numbers, as in [3, 2], but is 3',
  ],
  'expand: number': [() => float(1).expand(any(3)), 'expand: the shape must be an array of whole numbers'],
  'reshape: -1 twice': [() => float(2, 3).reshape([-1, -1]), 'reshape: only one length may be -1, but left [2, 3]'],
  'zeros: numbers': [
    () => t.zeros(any(2), any(3)),
    'the shape must be an array of whole numbers, as in [3, 2], but is 2',
  ],
  'ones: type': [() => t.ones([2], any('float64')), 'there is no element type float64; choose float32, int32, bool'],
  'fromArray: number': [() => t.fromArray(new Float32Array(2), any(2)), 'the shape must be an array of whole numbers'],

  'grad: no array': [
    () => t.grad(float(), any(float(2))),
    'grad: give the tensors to differentiate by as an array, as in grad(loss, [x])',
  ],
  'grad: numbers': [() => t.grad(float(), any([1])), 'grad: the operand must be a tensor, but is 1'],
};

describe('a value of a wrong type is refused', () => {
  it.each(Object.entries(typeMistakes))('%s', (_, [write, message]) => {
    expect(write).toThrow(TsgptError);
    expect(write).toThrow(message);
  });
});

describe('JSON.stringify', () => {
  it('writes name, shape and type of a tensor', () => {
    expect(JSON.parse(JSON.stringify([float(2, 3), t.tensor(1)]))).toEqual([
      { name: 'left', shape: [2, 3], dtype: 'float32' },
      { shape: [], dtype: 'float32' },
    ]);
  });
});

describe('a mistake is reported where it is written', () => {
  it.each(Object.entries(mistakes))('%s', (_, [write, ...mentions]) => {
    let error: unknown;
    try {
      write();
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(TsgptError);
    for (const mention of mentions) expect((error as Error).message).toContain(mention);
  });
});

describe('item()', () => {
  it('wants exactly one element, and says of which tensor', async () => {
    await expect(float(2, 3).item()).rejects.toThrow('item: left [2, 3] has 6 elements');
    expect(await t.tensor([[4]]).item()).toBe(4);
  });
});
