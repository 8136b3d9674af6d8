import type { DType, HostArray } from '../core/dtype.ts';
import type { Shape } from '../core/shape.ts';
import type { ContribOperator } from '../runtime/runtime.ts';
import type { Emitter } from './emitter/emitter.ts';

/**
 * The settings of an operation, such as the dimensions of a sum. Equal settings print alike. `A` is the type that an operation's own rules see; code
 * that handles all operations sees only `object`.
 */
export type Attributes = object;

/**
 * Writes one node as ONNX operators (https://onnx.ai/onnx/operators). `inputs` are the names of its operands in the ONNX model; the
 * result is the name of its output, or the names of its outputs in their order.
 */
export type Lowering<A extends Attributes = Attributes> = (
  emitter: Emitter,
  node: GraphNode<A>,
  inputs: readonly string[],
) => string | readonly string[];

/** The part of an operation that compiling needs. `tensor/` adds its shape and gradient rules. */
export interface Operation<A extends Attributes = Attributes> {
  readonly name: string;
  readonly lowering?: Lowering<A>;
  /** The operators of the lowering that are not ONNX's own. If an engine lacks one, {@link buildProgram} uses `definition` instead. */
  readonly contribOperators?: readonly ContribOperator[];
  /** Whether every element of the result is computed from the same element of the operands. */
  readonly elementwise?: boolean;
  /** For results that overwrite an operand if both are given the same array: the operand, by result. */
  readonly writesOver?: Readonly<Record<number, number>>;
  /** The same values from simpler operations, for an operation without a lowering that the engine supports. */
  readonly definition?: (inputs: readonly GraphValue[], attributes: A) => readonly GraphValue[];
}

/** Checks the elements of `value` before a graph runs, if `value` is then a leaf. Values computed in the graph are not checked. */
export interface LeafCheck {
  readonly value: GraphValue;
  readonly check: (data: HostArray) => void;
}

/** Where in a model a node belongs, as noted while the graph is built. */
export interface NodeScope {
  /** The path of the part of the model that made the node, such as `blocks.3.attention`. */
  readonly path: string;
  /** Whether the node computes gradients of that part. */
  readonly isBackward: boolean;
  /** The operation of the forward pass that the node belongs to. Defaults to the node's own. */
  readonly operation?: string | undefined;
}

/** One operation applied to values. */
export interface GraphNode<A extends Attributes = Attributes> {
  readonly operation: Operation;
  readonly inputs: readonly GraphValue[];
  readonly attributes: A;
  /** The node's results, in order. */
  readonly outputs: readonly GraphValue[];
  /** For a leaf: returns its elements when a graph runs; `args` are those of the compiled function. */
  readonly feed?: (args: readonly HostArray[]) => HostArray;
  /** The node's requirements for the elements of leaves; a check throws a TsgptError for invalid ones. */
  readonly checks?: LeafCheck[];
  /** The part of a model that the node belongs to, if it was noted. It decides nothing but the names of operators. */
  readonly scope?: NodeScope | undefined;
}

/** One output of a node: an array of known shape and type, computed or not. */
export interface GraphValue {
  readonly node: GraphNode;
  /** The index among the node's outputs. */
  readonly index: number;
  readonly shape: Shape;
  readonly dtype: DType;
  readonly name?: string;
  /** The elements, once computed. A graph that needs them then starts here. */
  readonly cached?: HostArray;
}
