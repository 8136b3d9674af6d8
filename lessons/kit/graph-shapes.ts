import { element, type SvgElement } from '../../src/charts/frame.ts';
import { type Font, textWidth } from '../../src/charts/text.ts';
import { LINE_HEIGHT, PADDING } from '../../src/charts/theme.ts';
import type { GraphNode } from './graph-drawing.ts';
import type { GraphLayout, Place, Size } from './graph-layout.ts';

type Kind = NonNullable<GraphNode['kind']>;

/** The colour of each kind of node, and whether its ends are round. */
const KINDS: Record<Kind, { colour: string; isRound: boolean }> = {
  operation: { colour: 'chart-ink-soft', isRound: false },
  input: { colour: 'chart-series-1', isRound: true },
  output: { colour: 'chart-series-1', isRound: true },
  parameter: { colour: 'chart-series-3', isRound: false },
  sum: { colour: 'chart-series-2', isRound: true },
};

/** Space on either side of a node's text, then above and below it. */
const INSET = [13, 7] as const;
const ARROW = { length: 9, width: 8 };

/** The size of an edge's label or a frame's caption. */
export function textSize(text: string, font?: Font): Size {
  return { width: textWidth(text, font) + 8, height: LINE_HEIGHT };
}

export function sizeOf({ label, detail, kind = 'operation' }: GraphNode): Size {
  const lines = detail ? [label, detail] : [label];
  const text = Math.max(...lines.map((line) => textWidth(line)));
  const height = lines.length * LINE_HEIGHT + 2 * INSET[1];
  if (kind === 'sum' && text < height * 0.7) return { width: height, height };
  const ends = KINDS[kind].isRound ? height / 5 : 0; // text must not touch the round ends
  return { width: Math.max(height, text + 2 * (INSET[0] + ends)), height };
}

export function drawNode(svg: SvgElement, node: GraphNode, [x, y]: Place, { width, height }: Size): SvgElement[] {
  const { colour, isRound } = KINDS[node.kind ?? 'operation'];
  const box = { x: x - width / 2, y: y - height / 2, width, height, rx: isRound ? height / 2 : 4 };
  const lines = node.detail ? [node.label, node.detail] : [node.label];
  return [
    element(svg, 'rect', { class: 'chart-paper', ...box }), // hides edges and frames
    element(svg, 'rect', { class: colour, ...box, 'fill-opacity': 0.12, stroke: 'currentColor', 'stroke-width': 1.5 }),
    ...lines.map((line, i) => {
      const attributes = { x, y: y + (i - (lines.length - 1) / 2) * LINE_HEIGHT, dy: '0.35em' };
      return element(svg, 'text', { ...attributes, class: i === 0 ? 'chart-ink' : 'chart-ink-soft' }, line);
    }),
  ];
}

export function drawEdge(svg: SvgElement, label: string | undefined, edge: GraphLayout['edges'][number]): SvgElement[] {
  const { curve, tip } = edge;
  const [start, ...rest] = curve.map((place) => place.join(','));
  const end = curve.at(-1)!;
  // The arrowhead: a triangle from both sides of the curve's end to the tip.
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

export function drawFrame(svg: SvgElement, { left, top, width, height }: Frame): SvgElement {
  const frame = { x: left, y: top, width, height, rx: 8, 'fill-opacity': 0.05, stroke: 'currentColor' };
  return element(svg, 'rect', { class: 'chart-ink-soft', ...frame, 'stroke-dasharray': '5 4' });
}

export function drawCaption(svg: SvgElement, text: string, { left, caption: [, y] }: Frame): SvgElement {
  const attributes = { x: left + PADDING, y, dy: '0.35em', 'text-anchor': 'start', 'font-weight': 600 };
  return element(svg, 'text', { class: 'chart-halo', ...attributes }, text);
}
