import type { FileRegion } from '../core/file-region.ts';
import type { Shape } from '../core/shape.ts';

/**
 * How a constant of a graph is stored: as floating-point numbers or as blocks of small integers, in memory or in a file, which ONNX
 * Runtime maps into memory.
 */
export type StoredConstant = StoredFloats | StoredBlocks;

export interface StoredFloats {
  /** Half precision becomes float32 when the graph is loaded. */
  readonly format: 'float32' | 'float16' | 'bfloat16';
  readonly data: Uint8Array | FileRegion;
  /** The constant's part of the stored matrix. Defaults to the whole matrix. */
  readonly part?: StoredPart;
}

/** A constant that is some neighbouring columns of a stored matrix, or elements of a stored vector. */
export interface StoredPart {
  /** The shape of the stored matrix. */
  readonly shape: Shape;
  /** The constant's first column; the constant's shape gives the number of columns. */
  readonly firstColumn: number;
  /** Whether the columns of the stored matrix are the constant's rows. */
  readonly transposed: boolean;
}

/**
 * A matrix `[rows, columns]` in which every `blockSize` neighbours of a row share one scale. A number is (integer - zero point) · scale,
 * with the zero point in the middle of the range: 8 for 4 bits, 128 for 8 bits. The layout is that of ONNX Runtime's MatMulNBits.
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
