import type { GraphNode, GraphValue } from './graph.ts';
import type { StoredConstant } from './stored-constant.ts';

/** The leaves of a graph that become constants in it, and how they are stored. */
export interface ConstantLeaves {
  isConstant(node: GraphNode): boolean;
  /** Undefined stands for float32, as the elements are when the graph is loaded. */
  storageOf(value: GraphValue): StoredConstant | undefined;
}
