import type { Shape } from '../core/shape.ts';

/** A tensor under the name and in the layout that its family is published with. */
export interface PublishedTensor {
  name: string;
  shape: Shape;
  /** The elements, row-major; they are put in order when asked for. */
  make(): Float32Array;
}

/** Where one parameter stands in the files of another program. */
export interface TensorPlace {
  /** The tensor's name, with the layout's prefix. */
  readonly name: string;
  /** The tensor is the transpose of the parameter: `[in, out]`, where ours is `[out, in]`. */
  readonly transposed?: boolean;
  /**
   * The paths of all parameters that share the tensor, this one among them, in order: their rows follow one another, for example those of
   * query, key and value.
   */
  readonly fused?: readonly string[];
  /** The row of the tensor at which row `row` of the parameter stands, if not the same. */
  readonly rowOf?: (row: number) => number;
  /** The name of a bias that the published form always has beside this matrix; it is zeros if the model has none. */
  readonly zeroBias?: string;
}

/**
 * Where a model's parameters stand in the files of another program. This is all that a family says about weights:
 * {@link loadWeights} reads by it and {@link layOut} writes by it.
 */
export interface TensorLayout {
  /** The place of the parameter at a path such as `blocks.1.attentionNorm.weight`. */
  placeOf(path: string): TensorPlace;
  /** Some files leave this out before the names that begin with it. */
  readonly prefix?: string;
  /** Tensors that a model does not need, by their names without the prefix. */
  readonly ignored?: RegExp;
  /** A parameter that may also stand under the place of another one which the model lacks: the token embedding, at the head's. */
  readonly tied?: { readonly path: string; readonly other: string };
  /** Tensors that are written besides the parameters. */
  readonly extra?: readonly PublishedTensor[];
  /** What shows that the weights are of another configuration, in a sentence that says what to do; undefined if nothing does. */
  mismatch?(weights: { has(name: string): boolean }): string | undefined;
}

/** Weights under the very paths of the parameters, as in our own checkpoints. */
export const ownLayout: TensorLayout = { placeOf: (path) => ({ name: path }) };
