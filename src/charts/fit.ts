import type { AxisScale } from './axis.ts';
import { newDocument, type SvgElement } from './frame.ts';
import { shortened, textWidth } from './text.ts';
import { FONT_SIZE, PADDING, WIDTH } from './theme.ts';

/** A drawing by Plot, and how it maps values to pixels. */
export type PlotSvg = SvgElement & { scale(name: string): { apply(value: unknown): number } };

export interface Margins {
  readonly marginLeft: number;
  readonly marginRight: number;
}

/** The line of an axis. */
export const AXIS_LINE = { className: 'chart-ink-soft', stroke: 'currentColor' };

/** The lines across the area between the axes, at the ticks. */
export const GRID_LINES = { className: 'chart-grid', stroke: 'currentColor', strokeOpacity: 1 };

/** The options that all plots share. */
export function plotOptions(height: number, width = WIDTH) {
  return { document: newDocument(), className: 'chart', width, height, style: { fontSize: `${FONT_SIZE}px` } };
}

/** The options of a scale. */
export function scaleOptions({ type, domain, nice }: AxisScale) {
  return { type, domain, nice };
}

/** The options of the title of a horizontal axis, with its baseline `offset` pixels below the axis. */
export function axisTitle(title: string | undefined, offset: number) {
  const label = title ? shortened(title, WIDTH - 2 * PADDING) : null;
  return { label, labelAnchor: 'center', labelArrow: 'none', labelOffset: offset } as const;
}

/** What the margins must have room for. */
export interface FitOptions {
  /** Whether the labels of the y axis are monospaced. */
  readonly monospace?: boolean;
  /** Whether the x axis has numbers, which are centred at its ends. Default true. */
  readonly endLabels?: boolean;
}

/** Draws twice: the first drawing tells how wide the labels of the axes are, the second has the margins for them. */
export function fitted(draw: (margins: Margins) => unknown, options: FitOptions = {}): PlotSvg {
  const { monospace = false, endLabels = true } = options;
  const draft = draw({ marginLeft: PADDING, marginRight: PADDING }) as PlotSvg;
  const beside = tickLabels(draft, 'y').map(({ textContent }) => textWidth(textContent, { monospace }) + 8);
  const below = endLabels ? tickLabels(draft, 'x').map(({ textContent }) => textWidth(textContent) / 2) : [];
  const svg = draw({
    marginLeft: PADDING + Math.max(0, ...beside, below[0] ?? 0),
    marginRight: PADDING + (below.at(-1) ?? 0),
  }) as PlotSvg;
  if (endLabels) thinNumbers(svg);
  return svg;
}

function tickLabels(svg: SvgElement, axis: 'x' | 'y'): SvgElement[] {
  return [...svg.querySelectorAll(`[aria-label="${axis}-axis tick label"] text`)];
}

/** Leaves only every n-th number below the x axis, 0 among them, if they would overlap otherwise. */
function thinNumbers(svg: SvgElement): void {
  const labels = tickLabels(svg, 'x');
  const places = labels.map((label) => Number(/\(([^,]+)/.exec(label.getAttribute('transform') ?? '')?.[1]));
  const next = places.findIndex((x, i) => i > 0 && x <= places[i - 1]!);
  const perPanel = next === -1 ? labels.length : next;
  const zero = Math.max(
    0,
    labels.findIndex(({ textContent }) => textContent === '0'),
  );
  const isKept = (i: number, every: number) => ((i % perPanel) - zero) % every === 0;
  const fits = (every: number) => {
    const kept = labels.slice(0, perPanel).flatMap((label, i) => {
      const half = textWidth(label.textContent) / 2 + 4;
      return isKept(i, every) ? [{ left: places[i]! - half, right: places[i]! + half }] : [];
    });
    return kept.every(({ left }, i) => i === 0 || left >= kept[i - 1]!.right);
  };
  let every = 1;
  while (!fits(every)) every++;
  labels.forEach((label, i) => {
    if (!isKept(i, every)) label.remove();
  });
}
