import * as Plot from '@observablehq/plot';
import { ensure } from '../core/errors.ts';
import { categoryAxis, labelsBeside } from './category-axis.ts';
import { type Margins, plotOptions } from './fit.ts';
import type { Cell, HeatData } from './heat-data.ts';
import { panelGrid } from './panels.ts';
import { textWidth } from './text.ts';
import { FONT_SIZE, PADDING, STRONG_OPACITY, WIDTH } from './theme.ts';

/** What is decided about a heat map before it is known how wide its labels are. */
export interface HeatPlan {
  readonly data: HeatData;
  readonly rows: readonly string[];
  readonly columns: readonly string[];
  readonly columnLabel: string | undefined;
  readonly monospace: boolean;
  readonly limit: number;
  readonly format: (value: number) => string;
  readonly cellValues: boolean | undefined;
  /** Height of what is above the panels and their titles. */
  readonly top: number;
}

type Size = readonly [width: number, height: number];

const LARGEST_CELL: Size = [96, 44];
/** Panels are put side by side as long as their cells keep a width between these, whichever the columns' labels need. */
const [MIN_CELL_WIDTH, ENOUGH_CELL_WIDTH] = [16, 24];
/** The frames of smaller cells would hide their colours. */
const MIN_FRAMED_WIDTH = 12;
const MAX_PANEL_COLUMNS = 4;
const PANEL_GAP: Size = [30, 20];
const MARGIN_RIGHT = PADDING;

export function plotCells(plan: HeatPlan, margins: Margins) {
  const { data, rows, columns } = plan;
  const count = data.panels.length;
  const across = panelColumns(plan, WIDTH - margins.marginLeft - MARGIN_RIGHT);
  // Turned labels may need a wider margin, which leaves less for the cells.
  const cellWidth = (marginLeft: number) =>
    Math.min(
      LARGEST_CELL[0],
      (WIDTH - marginLeft - MARGIN_RIGHT - (across - 1) * PANEL_GAP[0]) / across / columns.length,
    );
  const axisFor = (width: number) => categoryAxis(columns, width, plan.columnLabel, { monospace: plan.monospace });
  const marginLeft = Math.max(margins.marginLeft, axisFor(cellWidth(margins.marginLeft)).overhang + PADDING);
  const cell: Size = [cellWidth(marginLeft), Math.min(LARGEST_CELL[1], cellWidth(marginLeft))];
  const axis = axisFor(cell[0]);
  const area: Size = [cell[0] * columns.length, cell[1] * rows.length];
  const titles = data.panels.map(({ title }) => title);
  const grid = count > 1 ? panelGrid(titles, across, area, PANEL_GAP) : undefined;
  const facets = grid && { fx: ({ panel }: Cell) => grid.fx(panel), fy: ({ panel }: Cell) => grid.fy(panel) };
  const isFramed = cell[0] >= MIN_FRAMED_WIDTH;
  const shapeRendering = isFramed ? undefined : 'crispEdges'; // no seams between cells
  const box = { ...facets, x1: 'column', x2: right, y1: 'row', y2: below, shapeRendering };
  const frame = { className: 'chart-grid', fill: 'none', stroke: 'currentColor' };
  const marginTop = plan.top + (grid?.titleHeight ?? 0);
  return Plot.plot({
    ...plotOptions(marginTop + (grid?.height ?? area[1]) + axis.height),
    ...grid?.scales,
    marginTop,
    marginLeft,
    marginRight: WIDTH - marginLeft - across * area[0] - (across - 1) * PANEL_GAP[0],
    marginBottom: axis.height,
    x: { domain: [0, columns.length] },
    y: { domain: [rows.length, 0] },
    marks: [
      labelsBeside(rows, plan.monospace, cell[1]),
      axis.mark,
      ...colourMarks(plan, box),
      isFramed ? Plot.rect(data.cells, { ...box, ...frame }) : Plot.frame(frame),
      diagonals(data.masked, facets, 0.5, false),
      diagonals(data.notFinite, facets, 1, false),
      diagonals(data.notFinite, facets, 1, true),
      ...(showsValues(plan, cell) ? valueMarks(plan, facets) : []),
      ...(grid ? [grid.titles] : []),
    ],
  });
}

const right = ({ column }: Cell) => column + 1;
const below = ({ row }: Cell) => row + 1;

/** How many panels are side by side. */
function panelColumns({ data, columns, monospace }: HeatPlan, width: number): number {
  const panels = data.panels.length;
  const widest = 2 + Math.max(...columns.map((label) => textWidth(label, { monospace })));
  const cellWidth = Math.min(ENOUGH_CELL_WIDTH, Math.max(MIN_CELL_WIDTH, widest));
  const room = Math.floor((width + PANEL_GAP[0]) / (columns.length * cellWidth + PANEL_GAP[0]));
  const most = Math.max(1, Math.min(panels, MAX_PANEL_COLUMNS, room));
  return Math.ceil(panels / Math.ceil(panels / most)); // four panels: two and two, not three and one
}

/** How much of the full colour a cell gets. */
function opacity({ limit }: HeatPlan, { value }: Cell): number {
  return Number(Math.min(1, Math.abs(value) / limit).toFixed(3));
}

/** One mark for positive values and one for negative ones. */
function colourMarks(plan: HeatPlan, box: object): Plot.Markish[] {
  return (['chart-heat', 'chart-heat-negative'] as const).map((className, i) =>
    Plot.rect(
      plan.data.cells.filter(({ value }) => value !== 0 && value < 0 === (i === 1)),
      {
        ...box,
        className,
        fill: 'currentColor',
        fillOpacity: { value: (cell: Cell) => opacity(plan, cell), scale: null },
      },
    ),
  );
}

function diagonals(
  cells: readonly Cell[],
  facets: object | undefined,
  strokeOpacity: number,
  falls: boolean,
): Plot.Markish {
  const ends = { x1: 'column', x2: right, y1: falls ? 'row' : below, y2: falls ? below : 'row' };
  return Plot.link(cells, { ...facets, ...ends, className: 'chart-ink-soft', stroke: 'currentColor', strokeOpacity });
}

/** Whether the values fit into the cells; an error if they do not but are asked for. */
function showsValues({ data, format, cellValues }: HeatPlan, [width, height]: Size): boolean {
  if (cellValues === false) return false;
  const fits = height > FONT_SIZE * 1.2 && data.cells.every(({ value }) => textWidth(format(value)) <= width * 0.85);
  ensure(
    fits || !cellValues,
    'The values do not fit into the cells of the heat map; use a shorter format, or leave them out.',
  );
  return fits;
}

function valueMarks(plan: HeatPlan, facets: object | undefined): Plot.Markish[] {
  return (['chart-ink-on-pale', 'chart-ink-on-strong'] as const).map((className, i) =>
    Plot.text(
      plan.data.cells.filter((cell) => opacity(plan, cell) >= STRONG_OPACITY === (i === 1)),
      {
        ...facets,
        x: ({ column }: Cell) => column + 0.5,
        y: ({ row }: Cell) => row + 0.5,
        text: ({ value }: Cell) => plan.format(value),
        className,
      },
    ),
  );
}
