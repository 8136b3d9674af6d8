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
/** Fewer panels are side by side if their bars would be shorter, in pixels. */
const SHORTEST_AXIS = 80;
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
  const base = baseOf(scale);
  const [hasRight, hasLeft] = [data.values.some((value) => value >= base), data.values.some((value) => value < base)];
  const showsValues = plan.valueLabels !== false;
  const widest = showsValues ? Math.max(...data.values.map((value) => textWidth(format(value)))) + VALUE_GAP : 0;
  // The numbers at the ends of neighbouring axes must not meet.
  const numbers = scale.domain.map((end) => textWidth(scale.tickFormat(Number(end.toPrecision(2)))));
  const gap = Math.max(PANEL_GAP[0], Math.max(...numbers) + 8 - widest);
  const widthOf = (columns: number) => (WIDTH - marginLeft - marginRight - (columns - 1) * gap) / columns;
  let columns = Math.min(LYING_COLUMNS, data.panels.length);
  while (columns > 1 && widthOf(columns) - (hasLeft && hasRight ? 2 : 1) * widest < SHORTEST_AXIS) columns--;
  const width = widthOf(columns);
  const room = Math.min(widest, width / 3);
  const titles = data.panels.map(({ title }) => title);
  const grid = titles.length > 1 ? panelGrid(titles, columns, [width, height], [gap, PANEL_GAP[1]]) : undefined;
  const marginTop = plan.top + (grid?.titleHeight ?? 0);
  const rects = rectsOf(plan, (slot - GROUP_GAP) / slot);
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
      insetRight: hasRight ? room : 0,
      insetLeft: hasLeft ? room : 0,
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
