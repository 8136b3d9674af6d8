import type { DType } from '../core/dtype.ts';
import { type Shape, sizeOf } from '../core/shape.ts';
import { microsoftDomain } from '../formats/onnx/model.ts';
import type { Blocks, Emitter } from './emitter.ts';
import type { GraphNode, Operation } from './graph.ts';

/**
 * How operations are written as ONNX operators. Most rules are a name; those that are longer say what ONNX wants
 * differently. The operators are specified at https://onnx.ai/onnx/operators.
 */
export type Lowering = NonNullable<Operation['lowering']>;

/** Rules for operations with the same inputs and meaning as an ONNX operator. */
export function direct(operator: string, attributes: Record<string, number | string> = {}): Lowering {
  return (emitter, _node, inputs) => emitter.emit(operator, inputs, { attributes });
}

/** The scalar `attributes.value`. */
export const constant: Lowering = (emitter, node) =>
  emitter.scalar(node.attributes.value as number, dtypeOfOutput(node));

/** 0, 1, ... `attributes.length - 1`. */
export const range: Lowering = (emitter, node) => emitter.range(node.attributes.length as number);

export const cast: Lowering = (emitter, node, [input]) => emitter.cast(input!, node.attributes.dtype as DType);

export const reshape: Lowering = (emitter, node, [input]) =>
  emitter.reshape(input!, node.inputs[0]!.shape, node.attributes.shape as Shape);

export const permute: Lowering = (emitter, node, [input]) =>
  emitter.emit('Transpose', [input!], { attributes: { perm: node.attributes.dims as Shape } });

export const expand: Lowering = (emitter, node, [input]) =>
  emitter.emit('Expand', [input!, emitter.integers(node.attributes.shape as Shape)]);

export const slice: Lowering = (emitter, node, [input]) => {
  const { starts, ends } = node.attributes as Record<string, number[]>;
  const dims = starts!.map((_, dim) => dim);
  return emitter.emit('Slice', [input!, ...[starts!, ends!, dims].map((list) => emitter.integers(list))]);
};

export const pad: Lowering = (emitter, node, [input]) => {
  const { before, after, value } = node.attributes as { before: number[]; after: number[]; value: number };
  const amounts = emitter.integers([...before, ...after]);
  return emitter.emit('Pad', [input!, amounts, emitter.scalar(value, dtypeOfOutput(node))]);
};

export const concat: Lowering = (emitter, node, inputs) =>
  emitter.emit('Concat', inputs, { attributes: { axis: node.attributes.dim as number } });

/** An operator on one dimension, `attributes.dim`. */
export function alongDim(operator: string, attributes: Record<string, number | string> = {}): Lowering {
  return (emitter, node, inputs) =>
    emitter.emit(operator, inputs, { attributes: { axis: node.attributes.dim as number, ...attributes } });
}

/** A reduction over `attributes.dims`, which with `attributes.keepDim` stay as dimensions of length 1. */
export function reduction(operator: string): Lowering {
  return (emitter, node, [input]) => {
    const { dims, keepDim } = node.attributes as { dims: Shape; keepDim: boolean };
    return emitter.emit(operator, [input!, emitter.integers(dims)], { attributes: { keepdims: Number(keepDim) } });
  };
}

/** ArgMax gives int64; our indices are int32. */
export const argmax: Lowering = (emitter, node, [input]) => {
  const attributes = { axis: node.attributes.dim as number, keepdims: 1 };
  return emitter.cast(emitter.emit('ArgMax', [input!], { attributes }), 'int32');
};

/**
 * A matrix product, with either operand's last two dimensions swapped on request. Gemm reads a swapped matrix in place.
 * It wants two matrices, so the leading dimensions of `a` become rows; products of stacks of matrices go to MatMul.
 */
export const matmul: Lowering = (emitter, node, [a, b]) => {
  const { transposeA, transposeB } = node.attributes as { transposeA: boolean; transposeB: boolean };
  const [valueA, valueB] = node.inputs;
  if (valueA!.shape.length === 2 && valueB!.shape.length === 2) return gemm(emitter, [a!, b!], transposeA, transposeB);
  if (valueB!.shape.length === 2 && !transposeA) {
    return gemmOverRows(emitter, valueA!.shape, valueB!.shape[transposeB ? 0 : 1]!, [a!, b!], transposeB);
  }
  return emitter.emit('MatMul', [
    transposeA ? swapLastTwo(emitter, a!, valueA!.shape.length) : a!,
    transposeB ? swapLastTwo(emitter, b!, valueB!.shape.length) : b!,
  ]);
};

/** `x weightᵀ + bias` in one operator, which spares a pass over the result for the bias. */
export const linear: Lowering = (emitter, { inputs: [x, weight] }, inputs) =>
  linearOver(emitter, x!.shape, weight!.shape[0]!, inputs);

/** As {@link linear}, for `x` of that shape and a weight of so many rows; the bias may be missing. */
export function linearOver(emitter: Emitter, shape: Shape, columns: number, inputs: readonly string[]): string {
  return shape.length === 2 ? gemm(emitter, inputs, false, true) : gemmOverRows(emitter, shape, columns, inputs, true);
}

function gemm(emitter: Emitter, inputs: readonly string[], transposeA: boolean, transposeB: boolean): string {
  const [a, b, ...bias] = inputs as [string, string, ...string[]];
  const blocks = emitter.blocks(b);
  if (blocks && transposeB && !transposeA) return matmulOfBlocks(emitter, blocks, inputs);
  const stored = emitter.transposeOf(b);
  if (stored) return gemm(emitter, [a, stored, ...bias], transposeA, !transposeB);
  return emitter.emit('Gemm', inputs, { attributes: { transA: Number(transposeA), transB: Number(transposeB) } });
}

/** `x weightᵀ + bias` with a weight in blocks of small integers; `x` is rounded to 8 bits in blocks of the same size. */
function matmulOfBlocks(emitter: Emitter, blocks: Blocks, [x, , bias]: readonly string[]): string {
  const { bits, blockSize, rows, columns, integers, scales } = blocks;
  const inputs = [x!, integers, scales, ...(bias === undefined ? [] : ['', '', bias])];
  const attributes = { K: columns, N: rows, bits, block_size: blockSize, accuracy_level: 4 };
  return emitter.emit('MatMulNBits', inputs, { attributes, domain: microsoftDomain });
}

/** As {@link gemm}, with the leading dimensions of the first operand, of `shape`, as rows; the product has so many columns. */
function gemmOverRows(
  emitter: Emitter,
  shape: Shape,
  columns: number,
  inputs: readonly string[],
  transposeB: boolean,
): string {
  const stack = shape.slice(0, -1);
  const rows = emitter.reshape(inputs[0]!, shape, [sizeOf(stack), shape.at(-1)!]);
  const product = gemm(emitter, [rows, ...inputs.slice(1)], false, transposeB);
  return emitter.reshape(product, [sizeOf(stack), columns], [...stack, columns]);
}

function swapLastTwo(emitter: Emitter, input: string, rank: number): string {
  const perm = Array.from({ length: rank }, (_, dim) => dim);
  [perm[rank - 2], perm[rank - 1]] = [rank - 1, rank - 2];
  return emitter.emit('Transpose', [input], { attributes: { perm } });
}

/** Rows of a table, which may be stored in blocks of small integers. */
export const rows: Lowering = (emitter, node, [table, index]) => {
  const blocks = emitter.blocks(table!);
  if (!blocks) return emitter.emit('Gather', [emitter.table(table!), index!], { attributes: { axis: 0 } });
  if (emitter.engine === 'any' && blocks.bits === 8) return rowsOfBlocks(emitter, node, blocks, index!);
  const attributes = { bits: blocks.bits, block_size: blocks.blockSize, gather_axis: 0, quantize_axis: 1 };
  return emitter.emit('GatherBlockQuantized', [blocks.table, index!, blocks.scales], {
    attributes,
    domain: microsoftDomain,
  });
};

/** As ONNX Runtime's operator in operators of ONNX itself: in browsers it has the former on the graphics processor only. */
function rowsOfBlocks(emitter: Emitter, node: GraphNode, blocks: Blocks, index: string): string {
  const gather = (table: string) => emitter.emit('Gather', [table, index], { attributes: { axis: 0 } });
  const stack = node.inputs[1]!.shape;
  const blockCount = Math.ceil(blocks.columns / blocks.blockSize);
  const integers = emitter.cast(gather(blocks.integers), 'float32'); // [...stack, blockCount, blockSize]
  const steps = emitter.emit('Sub', [integers, emitter.scalar(128, 'float32')]);
  const scales = emitter.reshape(gather(blocks.scales), [...stack, blockCount], [...stack, blockCount, 1]);
  const numbers = emitter.emit('Mul', [steps, scales]);
  return emitter.reshape(numbers, [...stack, blockCount, blocks.blockSize], [...stack, blocks.columns]);
}

/** `out[index[i]] += rows[i]` into zeros `[attributes.length, width]`, for `index [n]` with repeats and `rows [n, width]`. */
export const sumRowsByIndex: Lowering = (emitter, node, [rows, index]) => {
  const length = node.attributes.length as number;
  const [count, width] = node.inputs[0]!.shape as [number, number];
  const column = emitter.reshape(index!, [count], [count, 1]);
  if (length <= count) {
    // Few symbols: [n, length] one-hot rows, transposed, times the rows.
    const oneHot = emitter.cast(emitter.emit('Equal', [column, emitter.range(length)]), 'float32');
    return gemm(emitter, [oneHot, rows!], true, false);
  }
  // Many symbols. ONNX Runtime's ScatterND races when it has to add several rows to one, so every row is first replaced by
  // the sum of all rows of its index, through (index[i] == index[j]) as an [n, n] matrix; repeats then write equal values.
  const same = emitter.cast(emitter.emit('Equal', [column, emitter.reshape(index!, [count], [1, count])]), 'float32');
  const sums = gemm(emitter, [same, rows!], false, false);
  const zeros = emitter.emit('Expand', [emitter.scalar(0, 'float32'), emitter.integers([length, width])]);
  return emitter.emit('ScatterND', [zeros, emitter.cast(column, 'int64'), sums]);
};

/** Normalised rows and the inverse of their deviation. LayerNormalization insists on a weight, here ones. */
export const standardize: Lowering = (emitter, node, [x]) => {
  const ones = emitter.fill([node.inputs[0]!.shape.at(-1)!], 1, 'float32');
  const options = { attributes: { axis: -1 }, floats: { epsilon: node.attributes.eps as number } };
  const [normalized, , inverseDeviation] = emitter.emitMany('LayerNormalization', [x!, ones], 3, options);
  return [normalized!, inverseDeviation!];
};

export const layerNorm: Lowering = (emitter, node, inputs) =>
  emitter.emit('LayerNormalization', inputs, {
    attributes: { axis: -1 },
    floats: { epsilon: node.attributes.eps as number },
  });

export const gelu: Lowering = (emitter, node, inputs) =>
  emitter.emit('Gelu', inputs, { attributes: { approximate: node.attributes.approximate as string } });

/**
 * ONNX Runtime's attention over a cache, which it updates in place where input and output are the same array. It wants to know for
 * each row how many tokens there are, less one, and how many the longest row has.
 */
export const cachedAttention: Lowering = (emitter, node, inputs) => {
  const { nHeads, nKvHeads, scale } = node.attributes as Record<string, number>;
  const [query, key, value, ...rest] = inputs as [string, string, string, ...string[]];
  // Queries, keys and values that are the parts of one array need not be cut out of it.
  const whole = emitter.splitOf([query, key, value]);
  return emitter.emitMany('GroupQueryAttention', [...(whole ? [whole, '', ''] : [query, key, value]), ...rest], 3, {
    attributes: { num_heads: nHeads!, kv_num_heads: nKvHeads! },
    floats: { scale: scale! },
    domain: microsoftDomain,
  });
};

function dtypeOfOutput(node: GraphNode): DType {
  return (node.attributes.dtype as DType | undefined) ?? node.inputs[0]!.dtype;
}
