import * as Plot from '@observablehq/plot';
import { type BarPlan, barMarks, baseOf, facets, type Rect, rectsOf, VALUE_GAP, valueMarks } from './bar-plot.ts';
import { labelsBeside } from './category-axis.ts';
import {
  AXIS_LINE,
  axisTitle,
  fitted,
  GRID_LINES,
  type Margins,
  type PlotSvg,
  plotOptions,
  scaleOptions,
} from './fit.ts';
import { panelGrid } from './panels.ts';
import { textWidth } from './text.ts';
import { PADDING, WIDTH } from './theme.ts';

/** Thickness of a bar, and the space between groups of them. */
const THICKNESS = 24;
const GROUP_GAP = 10;
const PANEL_GAP = [30, 16] as const;
const MARGIN_BOTTOM = 72;

/** How many panels can be side by side. */
export const LYING_COLUMNS = 3;

/** Bars below one another, panels side by side. */
export function lyingBars(plan: BarPlan): PlotSvg {
  return fitted((margins) => plot(plan, margins), { monospace: plan.monospace });
}

function plot(plan: BarPlan, { marginLeft, marginRight }: Margins) {
  const { data, scale, labels, format } = plan;
  const slot = data.series.length * THICKNESS + GROUP_GAP;
  const height = labels.length * slot;
  const isSingle = data.panels.length === 1;
  const columns = Math.min(LYING_COLUMNS, data.panels.length);
  const width = (WIDTH - marginLeft - marginRight - (columns - 1) * PANEL_GAP[0]) / columns;
  const titles = data.panels.map(({ title }) => title);
  const grid = isSingle ? undefined : panelGrid(titles, columns, [width, height], PANEL_GAP);
  const marginTop = plan.top + (grid?.titleHeight ?? 0);
  const rects = rectsOf(plan, (slot - GROUP_GAP) / slot);
  const showsValues = plan.valueLabels !== false;
  const room = showsValues ? Math.max(...data.values.map((value) => textWidth(format(value)))) + VALUE_GAP : 0;
  const base = baseOf(scale);
  const values = valueMarks(
    plan,
    rects,
    { ...facets(grid), x: 'end', y: ({ from, to }: Rect) => (from + to) / 2 },
    (isRight) => ({ textAnchor: isRight ? 'start' : 'end', dx: isRight ? VALUE_GAP : -VALUE_GAP }),
  );
  return Plot.plot({
    ...plotOptions(marginTop + (grid?.height ?? height) + MARGIN_BOTTOM),
    ...grid?.scales,
    marginTop,
    marginLeft,
    marginRight,
    marginBottom: MARGIN_BOTTOM,
    x: {
      ...scaleOptions(scale),
      insetRight: data.values.some((value) => value >= base) ? room : 0,
      insetLeft: data.values.some((value) => value < base) ? room : 0,
    },
    y: { domain: [labels.length, 0] },
    marks: [
      Plot.gridX({ ...GRID_LINES, ticks: scale.ticks }),
      Plot.axisX({
        ticks: scale.ticks,
        tickFormat: scale.tickFormat,
        tickSize: 0,
        tickPadding: 8,
        ...axisTitle(plan.xLabel, MARGIN_BOTTOM - PADDING),
      }),
      labelsBeside(labels, plan.monospace),
      ...barMarks(data, rects, { ...facets(grid), x1: 'base', x2: 'end', y1: 'from', y2: 'to' }),
      Plot.ruleX([base], AXIS_LINE),
      ...(showsValues ? values : []),
      ...(grid ? [grid.titles] : []),
    ],
  });
}
