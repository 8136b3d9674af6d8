import { colour, PADDING } from '../../src/charts/theme.ts';
import type { GraphNode } from './graph-drawing.ts';
import type { GraphLayout, Place, Size } from './graph-layout.ts';
import { element, LINE_HEIGHT, text, widthOf } from './svg.ts';

type Kind = NonNullable<GraphNode['kind']>;

/** The colour of each kind of node, and whether its ends are round. */
const KINDS: Record<Kind, { shade: string; isRound: boolean }> = {
  operation: { shade: colour('ink-soft'), isRound: false },
  input: { shade: colour('series-1'), isRound: true },
  output: { shade: colour('series-1'), isRound: true },
  parameter: { shade: colour('series-3'), isRound: false },
  sum: { shade: colour('series-2'), isRound: true },
};

/** Space on either side of a node's text, then above and below it. */
const INSET = [13, 7] as const;
const ARROW_WIDTH = 8;
/** Text over lines. */
const HALO = { stroke: colour('paper'), 'stroke-width': 4 };

/** The size of an edge's label or a frame's caption. */
export function textSize(content: string): Size {
  return { width: widthOf(content) + 8, height: LINE_HEIGHT };
}

export function sizeOf({ label, detail, kind = 'operation' }: GraphNode): Size {
  const lines = detail ? [label, detail] : [label];
  const widest = Math.max(...lines.map(widthOf));
  const height = lines.length * LINE_HEIGHT + 2 * INSET[1];
  if (kind === 'sum' && widest < height * 0.7) return { width: height, height };
  const ends = KINDS[kind].isRound ? height / 5 : 0; // text must not touch the round ends
  return { width: Math.max(height, widest + 2 * (INSET[0] + ends)), height };
}

export function drawNode(node: GraphNode, [x, y]: Place, { width, height }: Size): string {
  const { shade, isRound } = KINDS[node.kind ?? 'operation'];
  const box = { x: x - width / 2, y: y - height / 2, width, height, rx: isRound ? height / 2 : 4 };
  const lines = node.detail ? [node.label, node.detail] : [node.label];
  const texts = lines.map((line, i) => {
    return text(line, x, y + (i - (lines.length - 1) / 2) * LINE_HEIGHT, {
      fill: colour(i === 0 ? 'ink' : 'ink-soft'),
    });
  });
  return [
    element('rect', { ...box, fill: colour('paper') }), // hides edges and frames
    element('rect', { ...box, fill: shade, 'fill-opacity': 0.12, stroke: shade, 'stroke-width': 1.5 }),
    ...texts,
  ].join('');
}

export function drawEdge(
  label: string | undefined,
  { curve, tip, label: place }: GraphLayout['edges'][number],
): string {
  const [start, ...rest] = curve.map((point) => point.join(','));
  const end = curve.at(-1)!;
  // The arrowhead: a triangle from both sides of the curve's end to the tip.
  const [dx, dy] = [tip[0] - end[0], tip[1] - end[1]];
  const length = Math.hypot(dx, dy) || 1;
  const [sideX, sideY] = [(-dy / length) * (ARROW_WIDTH / 2), (dx / length) * (ARROW_WIDTH / 2)];
  const head = `M${end[0] + sideX},${end[1] + sideY}L${tip.join(',')}L${end[0] - sideX},${end[1] - sideY}Z`;
  const line = { d: `M${start}C${rest.join(' ')}`, fill: 'none', stroke: colour('ink-soft'), 'stroke-width': 1.5 };
  const arrow = element(
    'g',
    { class: 'edge' },
    element('path', line) + element('path', { d: head, fill: colour('ink-soft') }),
  );
  return label && place ? arrow + text(label, place[0], place[1], HALO) : arrow;
}

type Frame = GraphLayout['groups'][number];

export function drawFrame({ left, top, width, height }: Frame): string {
  const shade = colour('ink-soft');
  const frame = { x: left, y: top, width, height, rx: 8, fill: shade, 'fill-opacity': 0.05, stroke: shade };
  return element('rect', { ...frame, 'stroke-dasharray': '5 4' });
}

export function drawCaption(caption: string, { left, caption: [, y] }: Frame): string {
  return text(caption, left + PADDING, y, { ...HALO, 'text-anchor': 'start', 'font-weight': 'bold' });
}
