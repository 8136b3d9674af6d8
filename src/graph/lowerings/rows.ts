import { isOpen } from '../../core/open-length.ts';
import { type Shape, sizeOf } from '../../core/shape.ts';
import { microsoftDomain } from '../../formats/onnx/model.ts';
import type { Emitter } from '../emitter/emitter.ts';
import type { Blocks } from '../emitter/weights.ts';
import type { Lowering } from '../graph.ts';
import { gemm } from './matrix-product.ts';

/** `table[index]`: rows of a table, which may be stored in blocks of small integers. */
export const rows: Lowering<object> = (emitter, node, [table, index]) => {
  const blocks = emitter.weights.blocks(table!);
  if (!blocks) return emitter.emit('Gather', [emitter.weights.table(table!), index!], { attributes: { axis: 0 } });
  if (blocks.bits === 8 && !emitter.capabilities.contribOperators.has('GatherBlockQuantized')) {
    return rowsOfBlocks(emitter, blocks, index!, node.inputs[1]!.shape);
  }
  const attributes = { bits: blocks.bits, block_size: blocks.blockSize, gather_axis: 0, quantize_axis: 1 };
  return emitter.emit('GatherBlockQuantized', [blocks.table, index!, blocks.scales], {
    attributes,
    domain: microsoftDomain,
  });
};

/** GatherBlockQuantized in ONNX's own operators; `index` has the shape `indexShape`. */
function rowsOfBlocks(emitter: Emitter, blocks: Blocks, index: string, indexShape: Shape): string {
  const gather = (table: string) => emitter.emit('Gather', [table, index], { attributes: { axis: 0 } });
  const blockCount = Math.ceil(blocks.columns / blocks.blockSize);
  const integers = emitter.cast(gather(blocks.integers), 'float32'); // [...indexShape, blockCount, blockSize]
  const steps = emitter.emit('Sub', [integers, emitter.scalar(128, 'float32')]);
  const scales = emitter.reshape(gather(blocks.scales), [...indexShape, blockCount], [...indexShape, blockCount, 1]);
  const numbers = emitter.emit('Mul', [steps, scales]);
  return emitter.reshape(numbers, [...indexShape, blockCount, blocks.blockSize], [...indexShape, blocks.columns]);
}

/** `out[index[i]] += rows[i]` into zeros `[length, width]`, for `rows [count, width]` and `index [count]` with repeats. */
export const sumRowsByIndex: Lowering<{ length: number }> = (emitter, node, [rows, index]) => {
  const { length } = node.attributes;
  const [count, width] = node.inputs[0]!.shape as [number, number];
  const column = emitter.reshape(index!, [count], [count, 1]);
  if (length <= count) {
    // A short table: [count, length] one-hot rows, transposed, times the rows.
    const oneHot = emitter.cast(emitter.emit('Equal', [column, emitter.range(length)]), 'float32');
    return gemm(emitter, [oneHot, rows!], true, false);
  }
  // A long table. ONNX Runtime's ScatterND races when it adds several rows to one. So each row is first replaced by the sum of all
  // rows with its index: the matrix (index[i] == index[j]), [count, count], times the rows. Repeats then write equal values.
  const same = emitter.cast(emitter.emit('Equal', [column, emitter.reshape(index!, [count], [1, count])]), 'float32');
  const sums = gemm(emitter, [same, rows!], false, false);
  const zeros = emitter.emit('Expand', [emitter.scalar(0, 'float32'), emitter.integers([length, width])]);
  return emitter.emit('ScatterND', [zeros, emitter.cast(column, 'int64'), sums]);
};

/** From this many elements on, sums over rows pay for a second step. */
const manyElements = 1 << 14;

/**
 * The sum over the first `count` dimensions of `input`, of `shape`. ONNX Runtime adds up the rows of a matrix slowly and with one thread. So many
 * rows are first summed in groups, which the threads share.
 */
export function sumOverFirst(emitter: Emitter, input: string, shape: Shape, count: number): string {
  const rest = shape.slice(count);
  const rows = sizeOf(shape.slice(0, count));
  const sum = (of: string, dims: Shape) =>
    emitter.emit('ReduceSum', [of, emitter.integers(dims)], { attributes: { keepdims: 0 } });
  const groups = [16, 8, 4, 2].find((groups) => rows % groups === 0);
  if (groups === undefined || sizeOf(shape) < manyElements || shape.some(isOpen))
    return sum(input, [...Array(count).keys()]);
  return sum(sum(emitter.reshape(input, shape, [groups, rows / groups, ...rest]), [1]), [0]);
}
