import { element, finish, layOutHeader, newSvg, type SvgElement } from '../../src/charts/frame.ts';
import { counted, SEMIBOLD, textWidth } from '../../src/charts/text.ts';
import { LINE_HEIGHT, PADDING, TITLE_SIZE, WIDTH } from '../../src/charts/theme.ts';
import { ensure } from '../../src/errors.ts';
import { type GraphLayout, layOutGraph, type Place, type Size } from './graph-layout.ts';

export interface GraphNode {
  /** Unique name that edges refer to. */
  readonly id: string;
  /** What the node is: "softmax". */
  readonly label: string;
  /** A second, paler line: a shape such as "[2, 4, 768]". */
  readonly detail?: string;
  /**
   * How it is drawn. `operation` (default): a box; `input`, `output`: a box with round ends; `parameter`: a box in a colour of
   * its own; `sum`: a circle.
   */
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
  /** What is to be seen, in words; the drawing adds how many nodes and edges there are, and what each leads to. */
  readonly description: string;
  readonly nodes: readonly GraphNode[];
  readonly edges: readonly GraphEdge[];
}

type Kind = NonNullable<GraphNode['kind']>;

/** Colour and rounding of the corners of each kind of node. */
const KINDS: Record<Kind, { colour: string; isRound: boolean }> = {
  operation: { colour: 'chart-ink-soft', isRound: false },
  input: { colour: 'chart-series-1', isRound: true },
  output: { colour: 'chart-series-1', isRound: true },
  parameter: { colour: 'chart-series-3', isRound: false },
  sum: { colour: 'chart-series-2', isRound: true },
};

/** Free space on either side of a node's text, and above and below. */
const INSET = [13, 7] as const;
const ARROW = { length: 9, width: 8 };

/**
 * A directed graph, drawn from top to bottom by Graphviz, as a standalone SVG in the colours of the charts.
 *
 * @throws TsgptError if there are no nodes, two have the same id, or an edge names one that is not there
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
    groups: groups.map((caption) => textSize(caption, SEMIBOLD)),
  });

  const titleWidth = Math.min(WIDTH - 2 * PADDING, textWidth(title, { ...SEMIBOLD, size: TITLE_SIZE }) + 1);
  const width = Math.ceil(Math.max(layout.width, titleWidth) + 2 * PADDING);
  const header = layOutHeader(title, { width });
  const svg = newSvg(width, Math.ceil(header.height + layout.height + PADDING));
  const drawing = element(svg, 'g', { transform: `translate(${(width - layout.width) / 2},${header.height})` });
  svg.append(drawing);
  drawing.append(
    ...layout.groups.map((group) => drawFrame(svg, group)),
    ...edges.flatMap(({ label }, i) => drawEdge(svg, label, layout.edges[i]!)),
    ...groups.map((caption, i) => drawCaption(svg, caption, layout.groups[i]!)), // over the edges
    ...nodes.flatMap((node, i) => drawNode(svg, node, layout.nodes[i]!, sizes[i]!)),
  );
  return finish(svg, header, [description, ...inWords(nodes, edges)]);
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

const textSize = (text: string, font = {}): Size => ({ width: textWidth(text, font) + 8, height: LINE_HEIGHT });

function sizeOf({ label, detail, kind = 'operation' }: GraphNode): Size {
  const lines = detail ? [label, detail] : [label];
  const text = Math.max(...lines.map((line) => textWidth(line)));
  const height = lines.length * LINE_HEIGHT + 2 * INSET[1];
  if (kind === 'sum' && text < height * 0.7) return { width: height, height };
  const ends = KINDS[kind].isRound ? height / 5 : 0; // text must keep clear of round ends
  return { width: Math.max(height, text + 2 * (INSET[0] + ends)), height };
}

function drawNode(svg: SvgElement, node: GraphNode, [x, y]: Place, { width, height }: Size): SvgElement[] {
  const { colour, isRound } = KINDS[node.kind ?? 'operation'];
  const box = { x: x - width / 2, y: y - height / 2, width, height, rx: isRound ? height / 2 : 4 };
  const lines = node.detail ? [node.label, node.detail] : [node.label];
  return [
    element(svg, 'rect', { class: 'chart-paper', ...box }), // over edges and frames
    element(svg, 'rect', { class: colour, ...box, 'fill-opacity': 0.12, stroke: 'currentColor', 'stroke-width': 1.5 }),
    ...lines.map((line, i) => {
      const attributes = { x, y: y + (i - (lines.length - 1) / 2) * LINE_HEIGHT, dy: '0.35em' };
      return element(svg, 'text', { ...attributes, class: i === 0 ? 'chart-ink' : 'chart-ink-soft' }, line);
    }),
  ];
}

function drawEdge(svg: SvgElement, label: string | undefined, edge: GraphLayout['edges'][number]): SvgElement[] {
  const { curve, tip } = edge;
  const [start, ...rest] = curve.map((place) => place.join(','));
  const end = curve.at(-1)!;
  // The arrow's head: a triangle from both sides of the curve's end to the tip.
  const [dx, dy] = [tip[0] - end[0], tip[1] - end[1]];
  const length = Math.hypot(dx, dy) || 1;
  const [sideX, sideY] = [(-dy / length) * (ARROW.width / 2), (dx / length) * (ARROW.width / 2)];
  const head = `M${end[0] + sideX},${end[1] + sideY}L${tip.join(',')}L${end[0] - sideX},${end[1] - sideY}Z`;
  const line = { d: `M${start}C${rest.join(' ')}`, fill: 'none', stroke: 'currentColor', 'stroke-width': 1.5 };
  const arrow = element(svg, 'g', { class: 'chart-ink-soft' });
  arrow.append(element(svg, 'path', line), element(svg, 'path', { d: head }));
  if (!label || !edge.label) return [arrow];
  const [x, y] = edge.label;
  return [arrow, element(svg, 'text', { class: 'chart-halo', x, y, dy: '0.35em' }, label)];
}

type Frame = GraphLayout['groups'][number];

function drawFrame(svg: SvgElement, { left, top, width, height }: Frame): SvgElement {
  const frame = { x: left, y: top, width, height, rx: 8, 'fill-opacity': 0.05, stroke: 'currentColor' };
  return element(svg, 'rect', { class: 'chart-ink-soft', ...frame, 'stroke-dasharray': '5 4' });
}

function drawCaption(svg: SvgElement, text: string, { left, caption: [, y] }: Frame): SvgElement {
  const attributes = { x: left + PADDING, y, dy: '0.35em', 'text-anchor': 'start', 'font-weight': 600 };
  return element(svg, 'text', { class: 'chart-halo', ...attributes }, text);
}

/** How large the graph is, and a sentence for each node that leads somewhere. */
function inWords(nodes: readonly GraphNode[], edges: readonly GraphEdge[]): string[] {
  const named = new Map(nodes.map(({ id, label, detail }) => [id, detail ? `${label} ${detail}` : label]));
  const steps = nodes.flatMap(({ id }) => {
    const targets = edges.filter(({ from }) => from === id);
    const words = targets.map(({ to, label }) => named.get(to)! + (label ? ` (${label})` : ''));
    return words.length > 0 ? [`${named.get(id)} leads to ${words.join(' and ')}`] : [];
  });
  return [`A graph of ${counted(nodes.length, 'node')} and ${counted(edges.length, 'edge')}`, ...steps];
}
