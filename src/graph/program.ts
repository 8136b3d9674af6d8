import type { HostArray } from '../core/dtype.ts';
import type { Capabilities } from '../runtime/runtime.ts';
import type { GraphNode, GraphValue } from './graph.ts';

/**
 * A graph ready to be written as ONNX: only what the outputs need, every computation once, in an order in which operands
 * come first.
 */
export interface Program {
  /** The capabilities of the engine that the program is for. */
  readonly capabilities: Capabilities;
  /** The arrays the program is fed, in the order of first use. */
  readonly leaves: readonly Leaf[];
  /** The arrays that are part of the program itself. */
  readonly constants: readonly Leaf[];
  readonly steps: readonly Step[];
  /** For each output, the number of its value. */
  readonly outputs: readonly number[];
  /** The values by number. Leaves and step results share one numbering. */
  readonly values: readonly GraphValue[];
  /** The checks before each run, each with the position of its leaf. */
  readonly checks: readonly { leaf: number; check: (data: HostArray) => void }[];
  /** Equal for programs that compute the same; their leaves then correspond in order. */
  readonly key: string;
}

/** An input or constant of a {@link Program}. */
export interface Leaf {
  readonly number: number;
  readonly value: GraphValue;
}

/** One operation of a {@link Program}, with the numbers of its operands and results. */
export interface Step {
  readonly node: GraphNode;
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
}
