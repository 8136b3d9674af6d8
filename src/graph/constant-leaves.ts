import type { GraphNode, GraphValue } from './graph.ts';
import type { StoredConstant } from './stored-constant.ts';

/** The leaves of a graph that become constants in it, and how they are stored. */
export interface ConstantLeaves {
  isConstant(node: GraphNode): boolean;
  /** How the leaf is stored; undefined means as float32, with the elements at loading time. */
  storageOf(value: GraphValue): StoredConstant | undefined;
}
