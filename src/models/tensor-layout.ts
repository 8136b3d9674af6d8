import type { Shape } from '../core/shape.ts';

/** A tensor with its published name and in its published layout. */
export interface PublishedTensor {
  name: string;
  shape: Shape;
  /** Computes the elements, in row-major order. */
  make(): Float32Array;
}

/** The place of one parameter in the files of another program. */
export interface TensorPlace {
  /** The tensor's name, with the layout's prefix. */
  readonly name: string;
  /** Whether the tensor is the transpose of the parameter: `[in, out]` instead of `[out, in]`. */
  readonly transposed?: boolean;
  /**
   * The paths of all parameters that share the tensor, including this one, in the order in which their rows are stacked. An example is
   * query, key and value.
   */
  readonly fused?: readonly string[];
  /** The row of the tensor that holds row `row` of the parameter. Defaults to the same row. */
  readonly rowOf?: (row: number) => number;
  /** The name of the bias that the published model always has for this matrix. If our model has no bias, zeros are written. */
  readonly zeroBias?: string;
}

/**
 * The places of a model's parameters in the files of another program. It is all that a family defines about weights:
 * Loading ({@link loadPublishedWeights}) and saving use it.
 */
export interface TensorLayout {
  /** The place of the parameter at a path such as `blocks.1.attentionNorm.weight`. */
  placeOf(path: string): TensorPlace;
  /** A prefix of names that some files omit. */
  readonly prefix?: string;
  /** Matches the names, without the prefix, of tensors that the model does not need. */
  readonly ignored?: RegExp;
  /** If the model lacks the parameter `other`, `path` may be stored in its place: for example, a tied token embedding as the head. */
  readonly tied?: { readonly path: string; readonly other: string };
  /** Tensors to write in addition to the parameters. */
  readonly extra?: readonly PublishedTensor[];
  /** Describes how the weights contradict the configuration, and what to do about it; undefined if they do not. */
  mismatch?(weights: { has(name: string): boolean }): string | undefined;
}

/** The layout of the library's own checkpoints: tensors are named by the paths of the parameters. */
export const ownLayout: TensorLayout = { placeOf: (path) => ({ name: path }) };
