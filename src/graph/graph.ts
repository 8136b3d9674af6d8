import type { DType, HostArray } from '../core/dtype.ts';
import type { Shape } from '../core/shape.ts';
import type { Emitter } from './emitter.ts';

/** The settings of an operation, such as the dimensions of a sum. Equal settings print alike. */
export type Attributes = Readonly<Record<string, unknown>>;

/** What compiling needs to know of an operation. `tensor/` adds its shape and gradient rules. */
export interface Operation {
  readonly name: string;
  /** Writes the operation as ONNX operators and returns the names of its outputs. */
  readonly lowering?: (emitter: Emitter, node: GraphNode, inputs: readonly string[]) => string | readonly string[];
  /** Whether the lowering uses operators that are not ONNX's own but ONNX Runtime's; see {@link buildProgram}. */
  readonly onlyOnnxRuntime?: boolean;
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
export interface GraphNode {
  readonly operation: Operation;
  readonly inputs: readonly GraphValue[];
  readonly attributes: Attributes;
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
