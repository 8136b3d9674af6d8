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
  /** Whether the x axis has a label at its right end, centred there. Default true. */
  readonly endLabel?: boolean;
}

/** Draws twice: the first drawing tells how wide the labels of the axes are, the second has the margins for them. */
export function fitted(draw: (margins: Margins) => unknown, options: FitOptions = {}): PlotSvg {
  const { monospace = false, endLabel = true } = options;
  const draft = draw({ marginLeft: PADDING, marginRight: PADDING }) as PlotSvg;
  const labels = (axis: string) =>
    [...draft.querySelectorAll(`[aria-label="${axis}-axis tick label"] text`)].map(({ textContent }) => textContent);
  const left = Math.max(0, ...labels('y').map((label) => textWidth(label, { monospace })));
  const right = endLabel ? textWidth(labels('x').at(-1) ?? '') / 2 : 0;
  return draw({ marginLeft: PADDING + left + 8, marginRight: PADDING + right }) as PlotSvg;
}
