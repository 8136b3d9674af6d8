import type { GraphNode, NodeScope } from './graph.ts';

/**
 * What the names of a node's ONNX operators begin with: `blocks.3.attention|forward|matmul`. Empty for a node without a scope. Engines tell the times of
 * operators by name.
 */
export function namePrefixOf({ scope, operation }: GraphNode): string {
  return scope
    ? [scope.path, scope.isBackward ? 'backward' : 'forward', scope.operation ?? operation.name].join('|')
    : '';
}

/**
 * The scope in the name of an ONNX operator; undefined if it has none. An engine may have added to the name, as ONNX Runtime does where it merges
 * operators.
 */
export function scopeInName(name: string): Required<NodeScope> | undefined {
  const [, path, pass, operation] = /^(.*?)\|(forward|backward)\|(\w+)\|/.exec(name) ?? [];
  return path === undefined ? undefined : { path, isBackward: pass === 'backward', operation: operation! };
}
