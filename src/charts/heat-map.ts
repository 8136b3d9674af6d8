import { ensure } from '../core/errors.ts';
import { ensureList, ensureString, ensureTexts } from '../core/kind.ts';
import { knownOptions } from '../core/options.ts';
import { draw, layer } from './draw.ts';
import { numberText, textWidth, wrapText } from './text.ts';
import { colour, FONT_SIZE, WIDTH } from './theme.ts';

/** A matrix of the shape [rows, columns], such as the weights of one attention head. */
export interface HeatMapPanel {
  /** May be left out if it is the only one. */
  readonly title?: string;
  /** Null where there is no value because it is masked. */
  readonly values: readonly (readonly (number | null)[])[];
}

export interface HeatMap {
  /** Heading, and the image's name for a screen reader. */
  readonly title: string;
  readonly panels: readonly HeatMapPanel[];
  /** Labels of the rows, the top one first, and of the columns: in attention the token that looks, and the one looked at. */
  readonly rows: readonly string[];
  readonly columns: readonly string[];
  /** What the rows and the columns are: "token that looks". */
  readonly rowLabel?: string;
  readonly columnLabel?: string;
  /** What the colour measures: "attention weight". */
  readonly valueLabel: string;
}

/**
 * Matrices as coloured cells with a legend, as a standalone SVG: attention weights, for example. 0 has the colour of the paper, negative
 * values a second colour; cells that are masked or not finite are hatched.
 *
 * @throws TsgptError if there is no finite value, or a matrix does not have the shape [rows, columns]
 */
export async function heatMapSvg(chart: HeatMap): Promise<string> {
  const names = { rows: true, columns: true, rowLabel: true, columnLabel: true, valueLabel: true } as const;
  knownOptions('heatMapSvg', chart, { title: true, panels: true, ...names });
  const { title, panels, rows, columns, rowLabel = '', columnLabel = '', valueLabel } = chart;
  for (const [name, text] of Object.entries({ title, rowLabel, columnLabel, valueLabel }))
    ensureString('heatMapSvg', name, text);
  ensureTexts('heatMapSvg', 'rows', rows);
  ensureTexts('heatMapSvg', 'columns', columns);
  ensureList('heatMapSvg', 'the panels', panels, 'values');
  for (const { values } of panels) ensureList('heatMapSvg', 'the values of a panel', values, 'length');
  const isOfShape = ({ values }: HeatMapPanel) =>
    values.length === rows.length && values.every((row) => row.length === columns.length);
  const shape = `[${rows.length}, ${columns.length}]`;
  ensure(panels.every(isOfShape), `a matrix of the heat map "${title}" has not the shape of its labels, ${shape}`);
  const cells = panels.flatMap(({ title: panel = '', values }) =>
    values.flatMap((row, r) =>
      // Labels may be equal; with their numbers they are not.
      row.map((value, c) => ({ panel, row: `${r}:${rows[r]}`, column: `${c}:${columns[c]}`, ...lookOf(value) })),
    ),
  );
  const finite = cells.flatMap(({ value }) => (Number.isFinite(value) ? value! : []));
  ensure(finite.length > 0, `there is nothing to draw in the heat map "${title}": none of its values is finite`);
  // As many panels side by side as have cells of 16 pixels, in balanced rows: four are two and two, not three and one.
  const most = Math.max(1, Math.min(4, Math.floor((WIDTH - 70) / (columns.length * 16 + 20))));
  const size = [`${rows.length} rows (${rowLabel})`, `${columns.length} columns (${columnLabel})`].join(' by ');
  return draw(title, {
    words: [`Heat map of ${valueLabel}: ${size}`, ...panels.map((panel) => largestInWords(panel, chart))],
    missing: cells.filter(({ value }) => value !== null).length - finite.length,
    rows: cells,
    columns: Math.ceil(panels.length / Math.ceil(panels.length / most)),
    xLabel: columnLabel,
    view: (width) => viewOf(chart, finite, Math.min(width, 96 * columns.length)),
  });
}

function lookOf(value: number | null) {
  if (!Number.isFinite(value)) return { value };
  return { value, size: Math.abs(value!), sign: value! < 0 ? 'negative' : 'positive' };
}

function viewOf({ rows, columns, rowLabel = '', valueLabel }: HeatMap, values: readonly number[], width: number) {
  const cellWidth = width / columns.length;
  const height = Math.min(44, cellWidth) * rows.length;
  const widest = Math.max(...columns.map((text) => textWidth(text, FONT_SIZE)));
  const labelAngle = widest < cellWidth ? 0 : cellWidth > 24 ? -45 : -90;
  const lines = { grid: cellWidth >= 12, tickBand: 'extent', labelOverlap: true };
  const labels = { sort: null, axis: { ...lines, labelExpr: "slice(datum.label, indexof(datum.label, ':') + 1)" } };
  const x = { ...labels, axis: { ...labels.axis, labelAngle, labelOverlap: labelAngle !== -45 } };
  const square = { symbolType: 'square', symbolStrokeColor: colour('grid'), symbolStrokeWidth: 1 };
  const isSigned = values.some((value) => value < 0);
  const limit = values.reduce((max, value) => Math.max(max, Math.abs(value)), 0) || 1;
  const sign = {
    scale: { domain: ['positive', 'negative'], range: [colour('heat'), colour('heat-negative')] },
    legend: isSigned ? { ...square, title: null } : null,
  };
  const size = {
    type: 'quantitative',
    scale: { domain: [0, limit], range: [0, 1] },
    title: isSigned ? `size of ${valueLabel}` : valueLabel,
    legend: {
      ...square,
      titleOrient: isSigned ? 'top' : 'left',
      symbolFillColor: colour('heat'),
      format: '.2~r',
      values: [0, limit / 2, limit],
    },
  };
  const isLarge = cellWidth > 72; // large enough for a number of two digits
  const text = { type: 'text', stroke: colour('paper'), strokeWidth: 3 };
  return {
    width,
    height,
    encoding: {
      x: { field: 'column', title: null, ...x },
      y: { field: 'row', title: wrapText(rowLabel, height, FONT_SIZE), ...labels },
    },
    layer: [
      layer(
        'isValid(datum.value)',
        { type: 'rect' },
        { fill: { field: 'sign', ...sign }, opacity: { field: 'size', ...size } },
      ),
      layer('!isValid(datum.value)', { type: 'text', text: '╱', color: colour('grid') }, {}),
      layer(`isValid(datum.value) && ${isLarge}`, text, { text: { field: 'value', format: '.2~r' } }),
    ],
  };
}

/** "head 1: the largest value of row ␣cat is 0.41 at ␣the, of row ...". */
function largestInWords({ title, values }: HeatMapPanel, { rows, columns }: HeatMap): string {
  const words = values.flatMap((row, r) => {
    const finite = row.filter(Number.isFinite) as number[];
    const largest = Math.max(...finite);
    return finite.length > 0 ? `row ${rows[r]} is ${numberText(largest, 2)} at ${columns[row.indexOf(largest)]}` : [];
  });
  return `${title ? `${title}: the` : 'The'} largest value of ${words.join(', of ')}`;
}
