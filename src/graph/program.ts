import type { HostArray } from '../core/dtype.ts';
import type { Capabilities } from '../runtime/runtime.ts';
import type { GraphNode, GraphValue } from './graph.ts';

/**
 * A graph ready to be written as ONNX: only what the outputs need, every computation once, in an order in which operands
 * come first.
 */
export interface Program {
  /** What the engine can do that the program is for. */
  readonly capabilities: Capabilities;
  /** The arrays the program is fed, in the order of first use. */
  readonly leaves: readonly Leaf[];
  /** The arrays that are part of the program itself. */
  readonly constants: readonly Leaf[];
  readonly steps: readonly Step[];
  /** For each output, the number of its value. */
  readonly outputs: readonly number[];
  /** For each value by number, what it looks like. Leaves and step results share one numbering. */
  readonly values: readonly GraphValue[];
  /** What to look at before each run: the leaf's position and its check. */
  readonly checks: readonly { leaf: number; check: (data: HostArray) => void }[];
  /** Equal for programs that do the same; their leaves then correspond in order. */
  readonly key: string;
}

/** A value that a {@link Program} is fed, or that is one of its constants. */
export interface Leaf {
  readonly number: number;
  readonly value: GraphValue;
}

/** One operation of a {@link Program}, its operands and results given by number. */
export interface Step {
  readonly node: GraphNode;
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
}
