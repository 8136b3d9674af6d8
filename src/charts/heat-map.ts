import { ensure } from '../core/errors.ts';
import { fitted } from './fit.ts';
import { finish } from './frame.ts';
import { layOutHeader } from './header.ts';
import { type Cell, cellsOf, type HeatMapContent } from './heat-data.ts';
import { heatLegend } from './heat-legend.ts';
import { type HeatPlan, plotCells } from './heat-plot.ts';
import { counted, numberText, shortened, visibleToken } from './text.ts';

export type HeatMap = HeatMapContent & {
  /** Heading, and the image's name for a screen reader. */
  readonly title: string;
  /** Label of every row, the top one first: in attention the token that looks. */
  readonly rows: readonly string[];
  /** Label of every column, the left one first: in attention the token looked at. */
  readonly columns: readonly string[];
  /** What the rows are: "looking token". */
  readonly rowLabel?: string;
  /** What the columns are: "token looked at". */
  readonly columnLabel?: string;
  /** What the colour measures: "attention weight". */
  readonly valueLabel: string;
  /** The magnitude that gets the full colour; larger ones get it too. Default: the largest in the data. */
  readonly limit?: number;
  /** Whether labels are texts of tokens: then white space is made visible and the font is monospaced. Default false. */
  readonly tokens?: boolean;
  /** Writes the value in each cell. Default: if the cells are large enough for it. */
  readonly cellValues?: boolean;
  /** How a value is written. Default: with as many decimals as give the largest three digits. */
  readonly format?: (value: number) => string;
  /** What the reader is to notice, in a sentence: it opens the description for those who cannot see the chart. */
  readonly description?: string;
};

/** A longer row label is cut. */
const MAX_LABEL_WIDTH = 170;
/** With more rows the description says only where the largest value is. */
const MAX_ROWS_IN_WORDS = 24;

/**
 * A matrix as coloured cells with a legend, as a standalone SVG: attention weights, for example. 0 has the colour of the
 * paper, negative values a second colour; masked cells are hatched, cells that are not finite crossed.
 *
 * @throws TsgptError if there is no finite value, a matrix has not the shape [rows, columns], or values are to be written in cells
 *   too small for them
 */
export function heatMapSvg(chart: HeatMap): string {
  const { title, valueLabel, tokens = false, description = '' } = chart;
  const data = cellsOf(title, chart, chart.rows.length, chart.columns.length);
  const largest = data.cells.reduce((max, { value }) => Math.max(max, Math.abs(value)), 0);
  const limit = chart.limit ?? (largest || 1);
  ensure(
    limit > 0 && Number.isFinite(limit),
    `The limit of the heat map "${title}" is ${limit}; give it a positive number.`,
  );
  const format = chart.format ?? withDecimalsFor(limit);
  const [rows, columns] = [chart.rows, chart.columns].map((labels) => (tokens ? labels.map(visibleToken) : labels)) as [
    string[],
    string[],
  ];
  const remark = data.notFinite.length > 0 ? `not finite and crossed: ${counted(data.notFinite.length, 'cell')}` : '';
  const hasNegative = data.cells.some(({ value }) => value < 0);
  const header = layOutHeader(title, {
    legend: heatLegend(valueLabel, [hasNegative ? -limit : 0, limit], format, data.masked.length > 0),
    above: chart.rowLabel,
    remark,
  });
  const plan: HeatPlan = {
    data,
    rows: rows.map((label) => shortened(label, MAX_LABEL_WIDTH, { monospace: tokens })),
    columns,
    columnLabel: chart.columnLabel,
    monospace: tokens,
    limit,
    format,
    cellValues: chart.cellValues,
    top: header.height,
  };
  const svg = fitted((margins) => plotCells(plan, margins), { monospace: tokens, endLabels: false });
  return finish(svg, header, [
    description,
    `Heat map of ${valueLabel}: ${sizeInWords(rows, chart.rowLabel, 'row')} by ${sizeInWords(columns, chart.columnLabel, 'column')}`,
    ...largestInWords(plan, rows),
    data.masked.length > 0 ? `${counted(data.masked.length, 'cell')} masked` : '',
    remark,
  ]);
}

/** With as many decimals as give `limit` three digits, or two after a leading zero: 12.3, 1.23, 0.12. */
function withDecimalsFor(limit: number): (value: number) => string {
  const exponent = Math.floor(Math.log10(limit));
  if (exponent < -3 || exponent > 5) return (value) => numberText(value, 2);
  const decimals = Math.max(0, exponent < 0 ? 1 - exponent : 2 - exponent);
  return (value) => {
    const text = value.toFixed(decimals);
    return (Number(text) === 0 ? text.replace('-', '') : text).replace('-', '−');
  };
}

function sizeInWords(labels: readonly string[], name: string | undefined, kind: string): string {
  return counted(labels.length, kind) + (name ? ` (${name})` : '');
}

/** A sentence for each panel: "head 1: the largest value of row ␣cat is 0.41 at ␣the, of row ...". */
function largestInWords({ data, columns, format }: HeatPlan, rows: readonly string[]): string[] {
  const largest = (cells: readonly Cell[]) =>
    cells.reduce((best: Cell | undefined, cell) => (best && best.value >= cell.value ? best : cell), undefined);
  return data.panels.map(({ title }, p) => {
    const own = data.cells.filter(({ panel }) => panel === p);
    const perRow = rows.map((_, row) => largest(own.filter((cell) => cell.row === row)));
    const named = rows.length <= MAX_ROWS_IN_WORDS ? perRow : [largest(own)];
    const words = named
      .filter((cell) => cell !== undefined)
      .map(({ row, column, value }) => `row ${rows[row]} is ${format(value)} at ${columns[column]}`);
    return words.length > 0 ? `${title ? `${title}: the` : 'The'} largest value of ${words.join(', of ')}` : '';
  });
}
