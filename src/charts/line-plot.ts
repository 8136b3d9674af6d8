import * as Plot from '@observablehq/plot';
import type { AxisScale } from './axis.ts';
import { AXIS_LINE, axisTitle, GRID_LINES, type Margins, plotOptions, scaleOptions } from './fit.ts';
import { element } from './frame.ts';
import type { LegendEntry } from './header.ts';
import type { Line } from './line-data.ts';
import { PADDING, PLOT_HEIGHT, SERIES_COLOURS } from './theme.ts';

const STROKE = { stroke: 'currentColor', strokeWidth: 2.25 };
const MARGIN_BOTTOM = 72;

/** Patterns of the lines, so that they can be told apart without colour; a line with dots needs none. */
const DASHES = ['none', '9 5', '2 5', '14 4 3 4'];

/** Lines between axes; `cut` at the ends of the axes, if these do not cover the data. */
export function plotLines(
  lines: readonly Line[],
  xLabel: string,
  { cut, ...scales }: { x: AxisScale; y: AxisScale; cut: boolean },
  margins: Margins & { marginTop: number },
) {
  const [low, high] = scales.y.domain;
  const marks = lines.flatMap(({ points, finite, single, dots }, i) => {
    const channels = { x: 'x', y: 'y', className: colourOf(i), clip: cut };
    return [
      Plot.line(points, { ...channels, ...STROKE, strokeDasharray: dashOf(i, dots) }),
      Plot.dot(dots ? finite : single, { ...channels, r: 3.5, fill: 'currentColor' }),
    ];
  });
  return Plot.plot({
    ...plotOptions(margins.marginTop + PLOT_HEIGHT + MARGIN_BOTTOM),
    marginBottom: MARGIN_BOTTOM,
    ...margins,
    x: scaleOptions(scales.x),
    y: scaleOptions(scales.y),
    marks: [
      Plot.gridY({ ...GRID_LINES, ticks: scales.y.ticks }),
      Plot.axisY({ ticks: scales.y.ticks, tickFormat: scales.y.tickFormat, tickSize: 0, tickPadding: 8, label: null }),
      Plot.axisX({
        ticks: scales.x.ticks,
        tickFormat: scales.x.tickFormat,
        tickPadding: 6,
        ...axisTitle(xLabel, MARGIN_BOTTOM - PADDING),
      }),
      low < 0 && high > 0 ? Plot.ruleY([0], AXIS_LINE) : Plot.frame({ ...AXIS_LINE, anchor: 'bottom' }),
      ...marks,
    ],
  });
}

const colourOf = (i: number) => `chart-series-${(i % SERIES_COLOURS) + 1}`;

/** The second four lines have the colours of the first, with other patterns. */
const dashOf = (i: number, dots: boolean) =>
  dots ? 'none' : DASHES[(i + Math.floor(i / SERIES_COLOURS)) % DASHES.length]!;

/** A piece of the line as it is drawn. */
export function legendEntry({ name, dots }: Line, i: number): LegendEntry {
  const line = { d: 'M0,0H22', class: colourOf(i), stroke: 'currentColor', 'stroke-width': STROKE.strokeWidth };
  return {
    name,
    sign: (svg) => [
      element(svg, 'path', { ...line, 'stroke-dasharray': dashOf(i, dots) }),
      ...(dots ? [element(svg, 'circle', { class: colourOf(i), cx: 11, r: 3.5 })] : []),
    ],
  };
}
