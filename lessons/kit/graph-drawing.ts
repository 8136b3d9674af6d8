import { ensure } from '../../src/core/errors.ts';
import { layOutGraph } from './graph-layout.ts';
import { drawCaption, drawEdge, drawFrame, drawNode, sizeOf, textSize } from './graph-shapes.ts';
import { drawingSvg } from './svg.ts';

export interface GraphNode {
  /** Unique name that edges refer to. */
  readonly id: string;
  /** What the node is: "softmax". */
  readonly label: string;
  /** A second, paler line: a shape such as "[2, 4, 768]". */
  readonly detail?: string;
  /**
   * How it is drawn. `operation`: a box; `input`, `output`: a box with round ends; `parameter`: a box in another colour;
   * `sum`: a circle. Defaults to `operation`.
   */
  readonly kind?: 'operation' | 'input' | 'output' | 'parameter' | 'sum';
  /** Nodes with the same group are drawn inside one frame with this caption. */
  readonly group?: string;
}

export interface GraphEdge {
  /** The id of the node where the arrow starts. */
  readonly from: string;
  /** The id of the node that it points to. */
  readonly to: string;
  readonly label?: string;
}

export interface GraphDrawing {
  /** The heading, which is also the image's name for a screen reader. */
  readonly title: string;
  /** The picture in words. The number of nodes and edges, and where each leads, are added to it. */
  readonly description: string;
  readonly nodes: readonly GraphNode[];
  readonly edges: readonly GraphEdge[];
}

/**
 * Draws a directed graph from top to bottom, laid out by Graphviz, as a standalone SVG in the colours of the charts.
 *
 * @throws TsgptError if there are no nodes, if two have the same id, or if an edge names a node that does not exist
 */
export async function graphSvg({ title, description, nodes, edges }: GraphDrawing): Promise<string> {
  const index = indexOf(title, nodes, edges);
  const groups = [...new Set(nodes.flatMap(({ group }) => (group === undefined ? [] : [group])))];
  const sizes = nodes.map(sizeOf);
  const layout = await layOutGraph({
    nodes: nodes.map(({ group }, i) => ({
      ...sizes[i]!,
      ...(group === undefined ? {} : { group: groups.indexOf(group) }),
    })),
    edges: edges.map(({ from, to, label }) => ({
      from: index.get(from)!,
      to: index.get(to)!,
      ...(label ? { label: textSize(label) } : {}),
    })),
    groups: groups.map((caption) => textSize(caption)),
  });

  const drawing = [
    ...layout.groups.map(drawFrame),
    ...edges.map(({ label }, i) => drawEdge(label, layout.edges[i]!)),
    ...groups.map((caption, i) => drawCaption(caption, layout.groups[i]!)), // over the edges
    ...nodes.map((node, i) => drawNode(node, layout.nodes[i]!, sizes[i]!)),
  ];
  const words = [description, ...inWords(nodes, edges)];
  return drawingSvg(title, words, [layout.width, layout.height], drawing.join('\n'));
}

/** The index of each node by its id. */
function indexOf(title: string, nodes: readonly GraphNode[], edges: readonly GraphEdge[]): Map<string, number> {
  ensure(nodes.length > 0, `The graph "${title}" has no nodes; give it at least one.`);
  const index = new Map<string, number>();
  for (const [i, { id }] of nodes.entries()) {
    ensure(!index.has(id), `Two nodes of the graph "${title}" have the id "${id}"; give each its own.`);
    index.set(id, i);
  }
  for (const { from, to } of edges) {
    for (const id of [from, to]) {
      ensure(
        index.has(id),
        `The edge from "${from}" to "${to}" of the graph "${title}" names "${id}", which is no node's id.`,
      );
    }
  }
  return index;
}

/** The size of the graph, and a sentence for each node that leads to another. */
function inWords(nodes: readonly GraphNode[], edges: readonly GraphEdge[]): string[] {
  const named = new Map(nodes.map(({ id, label, detail }) => [id, detail ? `${label} ${detail}` : label]));
  const steps = nodes.flatMap(({ id }) => {
    const targets = edges.filter(({ from }) => from === id);
    const words = targets.map(({ to, label }) => named.get(to)! + (label ? ` (${label})` : ''));
    return words.length > 0 ? [`${named.get(id)} leads to ${words.join(' and ')}`] : [];
  });
  return [`A graph of ${nodes.length} nodes and ${edges.length} edges`, ...steps];
}
