import { ensure } from '../../src/errors.ts';

export interface GraphNode {
  /** Unique name that edges refer to. */
  readonly id: string;
  /** What the node is: "softmax". */
  readonly label: string;
  /** A second, smaller line: a shape such as "[2, 4, 768]". */
  readonly detail?: string;
  /** How it is drawn. `operation` (default): a box; `input`, `output`: rounded; `parameter`: a box in a colour of its own; `sum`: a circle. */
  readonly kind?: 'operation' | 'input' | 'output' | 'parameter' | 'sum';
  /** Caption of the frame it is drawn in, together with all others of the same group. */
  readonly group?: string;
}

export interface GraphEdge {
  /** The node whose value flows... */
  readonly from: string;
  /** ...into this one. */
  readonly to: string;
  readonly label?: string;
}

export interface GraphDrawing {
  /** The image's name for a screen reader, and its heading. */
  readonly title: string;
  /** What is to be seen, in words; the drawing adds how many nodes and edges there are. */
  readonly description: string;
  readonly nodes: readonly GraphNode[];
  readonly edges: readonly GraphEdge[];
}

/**
 * A directed graph, drawn from top to bottom by Graphviz, as a standalone SVG in the colours of the charts.
 *
 * @throws TsgptError if there are no nodes, two have the same id, or an edge names one that is not there
 */
export async function graphSvg(graph: GraphDrawing): Promise<string> {
  ensure(false, `${graph.title}: not drawn yet.`);
}
