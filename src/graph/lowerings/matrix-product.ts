import { type Shape, sizeOf } from '../../core/shape.ts';
import { microsoftDomain } from '../../formats/onnx/model.ts';
import type { Emitter } from '../emitter/emitter.ts';
import type { Blocks } from '../emitter/weights.ts';
import type { GraphNode, Lowering } from '../graph.ts';

/** Which operands of a matrix product are taken with their last two dimensions swapped. */
export type MatmulAttributes = { transposeA: boolean; transposeB: boolean };

/**
 * A matrix product, with the last two dimensions of either operand swapped on request. Gemm reads a swapped matrix in place. It
 * takes only matrices, so leading dimensions of `a` become rows of one matrix. Products of two stacks of matrices use MatMul.
 */
export const matmul: Lowering<MatmulAttributes> = (emitter, node, [a, b]) => {
  const { transposeA, transposeB } = node.attributes;
  const [shapeA, shapeB] = node.inputs.map(({ shape }) => shape) as [Shape, Shape];
  if (shapeA.length === 2 && shapeB.length === 2) return gemm(emitter, [a!, b!], transposeA, transposeB);
  if (shapeB.length === 2 && !transposeA) {
    return gemmOverRows(emitter, shapeA, shapeB[transposeB ? 0 : 1]!, [a!, b!], transposeB);
  }
  return emitter.emit('MatMul', [
    transposeA ? swapLastTwo(emitter, a!, shapeA.length) : a!,
    transposeB ? swapLastTwo(emitter, b!, shapeB.length) : b!,
  ]);
};

/** Whether a node is a matrix product. */
export function isMatmul(node: GraphNode): node is GraphNode<MatmulAttributes> {
  return node.operation.name === 'matmul';
}

/** `x weightᵀ + bias` in one operator: this saves a pass over the result for the bias. */
export const linear: Lowering<object> = (emitter, { inputs: [x, weight] }, inputs) =>
  linearOver(emitter, x!.shape, weight!.shape[0]!, inputs);

/** A linear layer on `inputs`: the names of `x`, the weight and perhaps the bias. `x` has `shape`, and the weight has `rows` rows. */
export function linearOver(emitter: Emitter, shape: Shape, rows: number, inputs: readonly string[]): string {
  return shape.length === 2 ? gemm(emitter, inputs, false, true) : gemmOverRows(emitter, shape, rows, inputs, true);
}

/** `a b + bias` for matrices `a` and `b`, each transposed on request. `inputs` are their names; the bias may be missing. */
export function gemm(emitter: Emitter, inputs: readonly string[], transposeA: boolean, transposeB: boolean): string {
  const [a, b, ...bias] = inputs as [string, string, ...string[]];
  const blocks = emitter.weights.blocks(b);
  if (blocks && transposeB && !transposeA) return matmulOfBlocks(emitter, blocks, inputs);
  const stored = emitter.weights.transposeOf(b);
  if (stored) return gemm(emitter, [a, stored, ...bias], transposeA, !transposeB);
  return emitter.emit('Gemm', inputs, { attributes: { transA: Number(transposeA), transB: Number(transposeB) } });
}

/** `x weightᵀ + bias` with a weight in blocks of small integers. ONNX Runtime rounds `x` to 8 bits in blocks of the same size. */
function matmulOfBlocks(emitter: Emitter, blocks: Blocks, [x, , bias]: readonly string[]): string {
  const { bits, blockSize, rows, columns, integers, scales } = blocks;
  const inputs = [x!, integers, scales, ...(bias === undefined ? [] : ['', '', bias])];
  const attributes = { K: columns, N: rows, bits, block_size: blockSize, accuracy_level: 4 };
  return emitter.emit('MatMulNBits', inputs, { attributes, domain: microsoftDomain });
}

/** Like {@link gemm}, but the leading dimensions of the first operand, of `shape`, become rows. The product has `columns` columns. */
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
