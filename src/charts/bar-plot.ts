import * as Plot from '@observablehq/plot';
import type { AxisScale } from './axis.ts';
import type { Bar, BarData } from './bar-data.ts';
import type { PanelGrid } from './panels.ts';

/** What is decided about a bar chart before it is known how wide its labels are. */
export interface BarPlan {
  readonly data: BarData;
  /** Labels of the groups as they are shown. */
  readonly labels: readonly string[];
  readonly monospace: boolean;
  readonly scale: AxisScale;
  readonly xLabel: string | undefined;
  /** How a value is written at its bar. */
  readonly format: (value: number) => string;
  /** Whether it is; undefined: if there is room. */
  readonly valueLabels: boolean | undefined;
  /** Height of what is above the panels and their titles. */
  readonly top: number;
}

/** A bar in the units of the axes. The groups lie at 0 to 1, 1 to 2, ... of the category axis. */
export interface Rect extends Bar {
  readonly base: number;
  readonly end: number;
  readonly from: number;
  readonly to: number;
}

/** Between a bar and its value, in pixels. */
export const VALUE_GAP = 6;

/**
 * The bars; those without a value are empty.
 *
 * @param fill share of its place that a group fills
 */
export function rectsOf({ data, scale }: BarPlan, fill: number): Rect[] {
  const base = baseOf(scale);
  const [low, high] = scale.domain;
  const thickness = fill / data.series.length;
  return data.bars.map((bar) => {
    const from = bar.group + (1 - fill) / 2 + bar.series * thickness;
    const end = Number.isNaN(bar.value) ? base : Math.min(high, Math.max(low, bar.value));
    return { ...bar, base, end, from, to: from + thickness };
  });
}

/** Where bars begin: at 0, or at the end of the axis that is nearest to it. */
export function baseOf({ type, domain: [low, high] }: AxisScale): number {
  return type === 'log' ? low : Math.min(high, Math.max(low, 0));
}

/** The bars, a mark for each series. */
export function barMarks(data: BarData, rects: readonly Rect[], channels: object): Plot.Markish[] {
  return data.series.map((_, series) =>
    Plot.rect(
      rects.filter((rect) => rect.series === series && !Number.isNaN(rect.value)),
      { ...channels, ...barStyle(series), className: `chart-series-${series + 1}`, inset: series % 2 === 1 ? 2 : 1 },
    ),
  );
}

/** Every second series is pale with a border, so that bars can be told apart without colour. */
export function barStyle(series: number) {
  const pale = { fillOpacity: 0.3, stroke: 'currentColor', strokeWidth: 2 };
  return { fill: 'currentColor', ...(series % 2 === 1 ? pale : {}) };
}

/** The values at the ends of the bars, a mark for those that end above the base (or right of it) and one for the others. */
export function valueMarks(
  { format }: BarPlan,
  rects: readonly Rect[],
  channels: object,
  place: (isPositive: boolean) => object,
): Plot.Markish[] {
  const isPositive = ({ base, end }: Rect) => end >= base;
  return [true, false].map((positive) =>
    Plot.text(
      rects.filter((rect) => isPositive(rect) === positive),
      {
        ...channels,
        ...place(positive),
        className: 'chart-halo', // over grid lines
        text: ({ value }: Rect) => (Number.isNaN(value) ? '–' : format(value)),
      },
    ),
  );
}

/** The facet channels of bars. */
export function facets(grid: PanelGrid | undefined) {
  return grid && { fx: ({ panel }: Bar) => grid.fx(panel), fy: ({ panel }: Bar) => grid.fy(panel) };
}
