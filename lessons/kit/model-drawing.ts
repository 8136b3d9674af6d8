import type { GraphPoint } from 'tsgpt/inspect';
import type { GraphEdge, GraphNode } from './graph-drawing.ts';

/** The nodes and edges of a model's graph, ready to be drawn; where two tensors are simply added stands a "+". */
export function drawable(points: readonly GraphPoint[]): { nodes: GraphNode[]; edges: GraphEdge[] } {
  const used = new Set(points.flatMap(({ from }) => from));
  const nodes = points.map(({ name, shape, operation, from }): GraphNode => {
    const isSum = operation === 'add' && from.length > 1;
    const kind = from.length === 0 ? 'input' : isSum ? 'sum' : used.has(name) ? 'operation' : 'output';
    return { id: name, label: isSum ? '+' : name, detail: isSum ? undefined : `[${shape.join(', ')}]`, kind };
  });
  const edges = points.flatMap(({ name, from }) => from.map((source) => ({ from: source, to: name })));
  return { nodes, edges };
}
