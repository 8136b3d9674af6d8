import { type Graph, instance, type Viz } from '@viz-js/viz';

export type Place = readonly [x: number, y: number];

export interface Size {
  readonly width: number;
  readonly height: number;
}

/** A directed graph of boxes whose sizes are known. */
export interface SizedGraph {
  readonly nodes: readonly (Size & {
    /** Index of the frame the node is in. */
    readonly group?: number;
  })[];
  /** `from` and `to` are indices of nodes; `label` is the size of the edge's label. */
  readonly edges: readonly { readonly from: number; readonly to: number; readonly label?: Size }[];
  /** Sizes of the captions of the frames. */
  readonly groups: readonly Size[];
}

/** Where everything is, in pixels from the top left. The place of a box or label is its centre. */
export interface GraphLayout extends Size {
  readonly nodes: readonly Place[];
  readonly edges: readonly {
    /** The start, then two control points and the end of each Bézier curve. */
    readonly curve: readonly Place[];
    /** The tip of the arrowhead, which begins at the end of the curve. */
    readonly tip: Place;
    readonly label?: Place;
  }[];
  readonly groups: readonly (Size & { readonly left: number; readonly top: number; readonly caption: Place })[];
}

/** The part of Graphviz's JSON that we use. Lengths are in points; y points upwards. */
interface GraphvizJson {
  readonly bb: string;
  readonly objects: readonly {
    readonly name: string;
    readonly pos: string;
    readonly bb: string;
    readonly lp: string;
  }[];
  readonly edges?: readonly { readonly id: string; readonly pos: string; readonly lp?: string }[];
}

/** Graphviz measures boxes in inches of 72 points. A point becomes a pixel. */
const POINTS_PER_INCH = 72;

let graphviz: Promise<Viz> | undefined;

/** Lays out a graph from top to bottom with Graphviz (dot, compiled to WebAssembly), which gets boxes only: no text, no colours. */
export async function layOutGraph(graph: SizedGraph): Promise<GraphLayout> {
  graphviz ??= instance();
  const json = (await graphviz).renderJSON(graphvizInput(graph)) as GraphvizJson;
  const [, , width, height] = numbers(json.bb) as [number, number, number, number];
  const place = (text: string): Place => {
    const [x, y] = numbers(text) as [number, number];
    return [x, height - y];
  };
  const object = (name: string) => json.objects.find((candidate) => candidate.name === name)!;
  const edges = new Map(json.edges?.map((edge) => [edge.id, edge]));
  return {
    width,
    height,
    nodes: graph.nodes.map((_, i) => place(object(`n${i}`).pos)),
    edges: graph.edges.map((_, i) => {
      const { pos, lp } = edges.get(`e${i}`)!;
      const [tip, ...curve] = pos.replace(/^e,/, '').split(' ').map(place); // the arrow's tip comes first
      return { tip: tip!, curve, ...(lp ? { label: place(lp) } : {}) };
    }),
    groups: graph.groups.map((_, i) => {
      const { bb, lp } = object(`cluster${i}`);
      const [left, bottom, right, top] = numbers(bb) as [number, number, number, number];
      return { left, top: height - top, width: right - left, height: top - bottom, caption: place(lp) };
    }),
  };
}

function graphvizInput({ nodes, edges, groups }: SizedGraph): Graph {
  return {
    directed: true,
    graphAttributes: { rankdir: 'TB', nodesep: 0.3, ranksep: 0.4 },
    nodeAttributes: { shape: 'box', fixedsize: true, label: '' },
    edgeAttributes: { arrowsize: 0.9 },
    nodes: nodes.map(({ width, height }, i) => ({
      name: `n${i}`,
      attributes: { width: width / POINTS_PER_INCH, height: height / POINTS_PER_INCH },
    })),
    edges: edges.map(({ from, to, label }, i) => ({
      tail: `n${from}`,
      head: `n${to}`,
      attributes: { id: `e${i}`, ...(label ? { label: emptyBox(label) } : {}) },
    })),
    subgraphs: groups.map((caption, group) => ({
      name: `cluster${group}`,
      graphAttributes: { label: emptyBox(caption), labeljust: 'l', margin: 14 },
      nodes: nodes.flatMap((node, i) => (node.group === group ? [{ name: `n${i}` }] : [])),
    })),
  };
}

/** An empty label of a given size. */
function emptyBox({ width, height }: Size) {
  const attributes = `fixedsize="true" width="${Math.ceil(width)}" height="${Math.ceil(height)}" border="0"`;
  return { html: `<table ${attributes}><tr><td></td></tr></table>` };
}

function numbers(text: string): number[] {
  return text.split(',').map(Number);
}
