import * as Plot from '@observablehq/plot';
import { ensure } from '../core/errors.ts';
import { type BarPlan, barMarks, baseOf, facets, type Rect, rectsOf, VALUE_GAP, valueMarks } from './bar-plot.ts';
import { categoryAxis } from './category-axis.ts';
import { AXIS_LINE, fitted, GRID_LINES, type Margins, type PlotSvg, plotOptions, scaleOptions } from './fit.ts';
import { panelGrid } from './panels.ts';
import { textWidth } from './text.ts';
import { FONT_SIZE, PADDING, PLOT_HEIGHT, WIDTH } from './theme.ts';

/** Height of one of several panels. */
const PANEL_HEIGHT = 150;
const PANEL_GAP = 20;
/** Share of its place that a group fills. */
const FILL = 0.8;

/** Bars beside one another, panels below one another. */
export function standingBars(plan: BarPlan): PlotSvg {
  return fitted((margins) => plot(plan, margins), { endLabels: false });
}

function plot(plan: BarPlan, margins: Margins) {
  const { data, scale, labels } = plan;
  const font = { monospace: plan.monospace };
  const slot = (WIDTH - margins.marginLeft - margins.marginRight) / labels.length;
  const axis = categoryAxis(labels, slot, plan.xLabel, font);
  const marginLeft = Math.max(margins.marginLeft, axis.overhang + PADDING);
  const width = WIDTH - marginLeft - margins.marginRight;
  const isSingle = data.panels.length === 1;
  const height = isSingle ? PLOT_HEIGHT : PANEL_HEIGHT;
  const titles = data.panels.map(({ title }) => title);
  const grid = isSingle ? undefined : panelGrid(titles, 1, [width, height], [0, PANEL_GAP]);
  const marginTop = plan.top + (grid?.titleHeight ?? 0);
  const rects = rectsOf(plan, FILL);
  const room = showsValues(plan, (width * FILL) / labels.length / data.series.length) ? FONT_SIZE + VALUE_GAP : 0;
  const values = valueMarks(
    plan,
    rects,
    { ...facets(grid), x: ({ from, to }: Rect) => (from + to) / 2, y: 'end' },
    (isUp) => ({ lineAnchor: isUp ? 'bottom' : 'top', dy: isUp ? -VALUE_GAP : VALUE_GAP }),
  );
  return Plot.plot({
    ...plotOptions(marginTop + (grid?.height ?? height) + axis.height),
    ...grid?.scales,
    marginTop,
    marginLeft,
    marginRight: margins.marginRight,
    marginBottom: axis.height,
    x: { domain: [0, labels.length] },
    y: {
      ...scaleOptions(scale),
      insetTop: room,
      insetBottom: Math.min(...data.values) < baseOf(scale) ? room : 0,
    },
    marks: [
      Plot.gridY({ ...GRID_LINES, ticks: scale.ticks }),
      Plot.axisY({ ticks: scale.ticks, tickFormat: scale.tickFormat, tickSize: 0, tickPadding: 8, label: null }),
      axis.mark,
      ...barMarks(data, rects, { ...facets(grid), x1: 'from', x2: 'to', y1: 'base', y2: 'end' }),
      Plot.ruleY([baseOf(scale)], AXIS_LINE),
      ...(room > 0 ? values : []),
      ...(grid ? [grid.titles] : []),
    ],
  });
}

/** Whether the values fit above bars that are `width` pixels wide; an error if they do not but are asked for. */
function showsValues({ data, format, valueLabels }: BarPlan, width: number): boolean {
  if (valueLabels === false) return false;
  const fits = data.values.every((value) => textWidth(format(value)) <= width * 1.1);
  ensure(
    fits || !valueLabels,
    'The values do not fit above the bars; use horizontal bars, a shorter format, or leave them out.',
  );
  return fits;
}
