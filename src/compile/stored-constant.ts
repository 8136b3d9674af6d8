import type { FileRegion } from '../runtime/onnx.ts';
import type { GraphNode, GraphValue } from './graph.ts';

/** The leaves of a graph that become constants in it, and how they are stored. */
export interface FrozenLeaves {
  isFrozen(node: GraphNode): boolean;
  /** Undefined stands for float32, as the elements are now. */
  storageOf(value: GraphValue): StoredConstant | undefined;
}

/**
 * How a constant of a graph is stored: as float32 numbers, in memory or in a file that ONNX Runtime maps into memory, or as
 * blocks of small integers.
 */
export type StoredConstant = StoredFloats | StoredBlocks;

export interface StoredFloats {
  readonly format: 'float32';
  readonly data: Uint8Array | FileRegion;
}

/**
 * A matrix `[rows, columns]` in which every `blockSize` neighbours of a row share one scale: a number is its integer, less the zero
 * point in the middle of the range, times the scale. The layout is that of ONNX Runtime's MatMulNBits.
 */
export interface StoredBlocks {
  readonly format: 'blocks';
  readonly bits: 4 | 8;
  readonly blockSize: number;
  /** uint8 `[rows, columns / blockSize, blockSize * bits / 8]`. */
  readonly integers: Uint8Array | FileRegion;
  /** float32 `[rows, columns / blockSize]`. */
  readonly scales: Uint8Array | FileRegion;
}
