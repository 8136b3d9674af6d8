import type { GraphNode, NodeScope } from './graph.ts';

let current: NodeScope | undefined;

/** The scope of the nodes that are made now; undefined unless {@link inScope} is running. */
export function currentScope(): NodeScope | undefined {
  return current;
}

/** Calls `build` and gives the nodes that it makes this scope. Without one, they keep the current scope. */
export function inScope<T>(scope: NodeScope | undefined, build: () => T): T {
  const before = current;
  current = scope ?? before;
  try {
    return build();
  } finally {
    current = before;
  }
}

/** The scope of the nodes that define `node` by simpler operations. */
export function scopeOfDefinition(node: GraphNode): NodeScope | undefined {
  return node.scope && { ...node.scope, operation: node.scope.operation ?? node.operation.name };
}

/** The scope of the nodes that compute the gradients of `node`'s operands. */
export function scopeOfGradients(node: GraphNode): NodeScope | undefined {
  return node.scope && { ...scopeOfDefinition(node)!, isBackward: true };
}

/** The scope of the nodes that add such gradients up where a value is used several times. */
export function scopeOfSums(node: GraphNode): NodeScope | undefined {
  return node.scope && { ...node.scope, isBackward: true };
}
