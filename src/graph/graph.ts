import type { DType, HostArray } from '../core/dtype.ts';
import type { Shape } from '../core/shape.ts';
import type { ContribOperator } from '../runtime/runtime.ts';
import type { Emitter } from './emitter/emitter.ts';

/**
 * The settings of an operation, such as the dimensions of a sum. Equal settings print alike. Rules of an operation know its attributes
 * by their own type `A`; where the nodes of all operations lie together, there is only this one.
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

/** What compiling needs to know of an operation. `tensor/` adds its shape and gradient rules. */
export interface Operation<A extends Attributes = Attributes> {
  readonly name: string;
  readonly lowering?: Lowering<A>;
  /** The operators of the lowering that are not ONNX's own. Where one is missing, {@link buildProgram} takes `expand` instead. */
  readonly contribOperators?: readonly ContribOperator[];
  /** Whether every element of the result is computed from the same element of the operands. */
  readonly elementwise?: boolean;
  /** For each result that is written over an operand where the two are given the same array: which operand. */
  readonly writesOver?: Readonly<Record<number, number>>;
  /** The same values out of simpler operations; for an operation without a lowering, or where its lowering cannot be used. */
  readonly expand?: (node: GraphNode) => readonly GraphValue[];
}

/** Looks at the elements of `value` before a graph runs, if it is a leaf then; what is computed inside is not looked at. */
export interface LeafCheck {
  readonly value: GraphValue;
  readonly check: (data: HostArray) => void;
}

/** One operation applied to values. */
export interface GraphNode<A extends Attributes = Attributes> {
  readonly operation: Operation;
  readonly inputs: readonly GraphValue[];
  readonly attributes: A;
  /** The node's results, in order. */
  readonly outputs: readonly GraphValue[];
  /** For a leaf: hands over its elements when a graph runs; `args` are those of the compiled function. */
  readonly feed?: (args: readonly HostArray[]) => HostArray;
  /** What the node asks of the elements of leaves; a check throws a clear error where they do not comply. */
  readonly checks?: LeafCheck[];
}

/** One output of a node: an array of known shape and type that has not been computed yet, or whose value is known. */
export interface GraphValue {
  readonly node: GraphNode;
  /** Which of the node's outputs this is. */
  readonly index: number;
  readonly shape: Shape;
  readonly dtype: DType;
  readonly name?: string;
  /** The elements, once computed. A graph that needs them then starts here. */
  readonly cached?: HostArray;
}
