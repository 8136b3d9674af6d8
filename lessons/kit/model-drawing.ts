import type { GraphPoint } from 'tsgpt/inspect';
import type { GraphEdge, GraphNode } from './graph-drawing.ts';

/** The nodes and edges of a model's graph, ready to be drawn. An addition of two tensors is drawn as a "+". */
export function drawable(points: readonly GraphPoint[]): { nodes: GraphNode[]; edges: GraphEdge[] } {
  const used = new Set(points.flatMap(({ from }) => from));
  const nodes: GraphNode[] = [];
  const edges: GraphEdge[] = [];
  for (const { name, shape, operation, from } of points) {
    const isSum = operation === 'add' && from.length > 1;
    const isLast = !used.has(name);
    const kind = from.length === 0 ? 'input' : isLast ? 'output' : 'operation';
    const sum = isLast ? `${name}, the sum` : name;
    if (isSum) nodes.push({ id: sum, label: '+', kind: 'sum' });
    if (isSum && isLast) edges.push({ from: sum, to: name });
    if (!isSum || isLast) nodes.push({ id: name, label: name, detail: `[${shape.join(', ')}]`, kind });
    for (const source of from) edges.push({ from: source, to: isSum ? sum : name });
  }
  return { nodes, edges };
}
