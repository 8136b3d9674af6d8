import * as Plot from '@observablehq/plot';
import { balancedLines, SEMIBOLD } from './text.ts';
import { FONT_SIZE, LINE_HEIGHT, PADDING } from './theme.ts';

type Pair = readonly [horizontal: number, vertical: number];

/** Several drawings with the same axes, each below its title, in rows from left to right. */
export interface PanelGrid {
  /** Column and row of a panel: the facet channels of its marks. */
  readonly fx: (panel: number) => number;
  readonly fy: (panel: number) => number;
  /** Plot's options of the facet scales. */
  readonly scales: object;
  /** The mark that writes the titles. */
  readonly titles: Plot.Markish;
  /** Above each panel, for its title; what is above the first row belongs to the margin. */
  readonly titleHeight: number;
  /** From the top of the first row's panels to the bottom of the last row's. */
  readonly height: number;
}

/**
 * @param area width and height of one panel without its title, in pixels
 * @param gap between panels, in pixels, besides the titles
 */
export function panelGrid(titles: readonly string[], columns: number, area: Pair, gap: Pair): PanelGrid {
  const lines = titles.map((title) => balancedLines(title, area[0] + PADDING / 2, SEMIBOLD));
  const titleHeight = Math.max(...lines.map(({ length }) => length)) * LINE_HEIGHT + TITLE_GAP;
  const rows = Math.ceil(titles.length / columns);
  const fx = (panel: number) => panel % columns;
  const fy = (panel: number) => Math.floor(panel / columns);
  const scales = { fx: bands(columns, area[0], gap[0]), fy: bands(rows, area[1], gap[1] + titleHeight) };
  return {
    fx,
    fy,
    scales,
    titleHeight,
    height: rows * area[1] + (rows - 1) * (gap[1] + titleHeight),
    titles: Plot.text(lines, {
      text: (line: string[]) => line.join('\n'),
      fx: (_: unknown, i: number) => fx(i),
      fy: (_: unknown, i: number) => fy(i),
      frameAnchor: 'top-left',
      lineAnchor: 'bottom',
      lineHeight: LINE_HEIGHT / FONT_SIZE,
      dy: -TITLE_GAP,
      fontWeight: SEMIBOLD.weight,
    }),
  };
}

/** Between a title and its panel. */
const TITLE_GAP = 11;

/**
 * Equal bands with a gap between them, which Plot wants as a share of the distance of their beginnings. From a single band, which has
 * no neighbour, it would take that share away all the same.
 */
function bands(count: number, size: number, gap: number) {
  const domain = Array.from({ length: count }, (_, i) => i);
  const paddingInner = count === 1 ? 0 : gap / (size + gap);
  return { domain, paddingInner, paddingOuter: 0, round: false, axis: null };
}
