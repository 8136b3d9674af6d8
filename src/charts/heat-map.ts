import { ensure } from '../core/errors.ts';
import { draw, layer } from './draw.ts';
import { asText, numberText, textWidth, wrapText } from './text.ts';
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
  const { title, panels, rows: labels, columns, rowLabel = '', columnLabel = '', valueLabel } = chart;
  const isOfShape = ({ values }: HeatMapPanel) =>
    values.length === labels.length && values.every((row) => row.length === columns.length);
  const shape = `[${labels.length}, ${columns.length}]`;
  ensure(panels.every(isOfShape), `a matrix of the heat map "${title}" has not the shape of its labels, ${shape}`);
  const rows = panels.flatMap(({ title: panel = '', values }) =>
    values.flatMap((cells, row) =>
      cells.map((value, column) => {
        const place = { panel, row, column };
        return Number.isFinite(value)
          ? { ...place, value, size: Math.abs(value!), sign: value! < 0 ? 'negative' : 'positive' }
          : place;
      }),
    ),
  );
  const finite = rows.flatMap((cell) => ('value' in cell ? cell.value! : []));
  ensure(finite.length > 0, `there is nothing to draw in the heat map "${title}": none of its values is finite`);
  // As many panels side by side as have cells of 16 pixels, in balanced rows: four are two and two, not three and one.
  const most = Math.max(1, Math.min(4, Math.floor((WIDTH - 70) / (columns.length * 16 + 20))));
  const size = [`${labels.length} rows (${rowLabel})`, `${columns.length} columns (${columnLabel})`].join(' by ');
  return draw(chart.title, {
    words: [`Heat map of ${valueLabel}: ${size}`, ...panels.map((panel) => largestInWords(panel, chart))],
    missing: rows.length - finite.length,
    rows,
    columns: Math.ceil(panels.length / Math.ceil(panels.length / most)),
    xLabel: columnLabel,
    view: (width) => viewOf(chart, finite, width),
  });
}

function viewOf({ rows, columns, rowLabel = '', valueLabel }: HeatMap, values: readonly number[], given: number) {
  const width = Math.min(given, 96 * columns.length);
  const cellWidth = width / columns.length;
  const cellHeight = Math.min(44, cellWidth);
  const height = cellHeight * rows.length;
  const widest = (texts: readonly string[]) => Math.max(...texts.map((text) => textWidth(text, FONT_SIZE)));
  const labelAngle = widest(columns) < cellWidth ? 0 : cellWidth > 24 ? -45 : -90;
  const axis = (names: readonly string[]) => ({
    labelExpr: `${literal(names)}[datum.value]`,
    labelOverlap: true,
  });
  const x = { field: 'column', title: null, axis: { ...axis(columns), labelAngle, labelOverlap: labelAngle !== -45 } };
  const y = { field: 'row', title: wrapText(rowLabel, height, FONT_SIZE), axis: axis(rows) };
  const limit = values.reduce((max, value) => Math.max(max, Math.abs(value)), 0) || 1;
  const isSigned = values.some((value) => value < 0);
  const square = { symbolType: 'square', symbolStrokeColor: colour('grid'), symbolStrokeWidth: 1 };
  const signs = { domain: ['positive', 'negative'], range: [colour('heat'), colour('heat-negative')] };
  const fill = { field: 'sign', scale: signs, legend: isSigned ? { ...square, title: null } : null };
  const ramp = {
    ...square,
    title: wrapText(isSigned ? `size of ${valueLabel}` : valueLabel, 300, FONT_SIZE),
    symbolFillColor: colour('heat'),
  };
  const opacity = {
    ...{ field: 'size', type: 'quantitative', scale: { domain: [0, limit], range: [0, 1] } },
    legend: { ...ramp, labelExpr: 'numberText(datum.value, 2)', values: [0, limit / 2, limit] },
  };
  const hasText = cellWidth > widest(values.map((value) => numberText(value, 2))) * 1.1 && cellHeight > 24;
  const text = { type: 'text', text: { expr: 'numberText(datum.value, 2)' }, stroke: colour('paper'), strokeWidth: 3 };
  return {
    width,
    height,
    encoding: { x: { ...x, type: 'ordinal' }, y: { ...y, type: 'ordinal' } },
    layer: [
      layer(
        'isValid(datum.value)',
        { type: 'rect', stroke: cellWidth < 12 ? null : colour('grid') },
        { fill, opacity },
      ),
      layer('!isValid(datum.value)', { type: 'text', text: '╱', color: colour('grid') }, {}),
      layer(`isValid(datum.value) && ${hasText}`, text, {}),
    ],
  };
}

/** The texts as part of an expression, which may contain any character only as an escape. */
function literal(texts: readonly string[]): string {
  const escaped = (unit: string) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
  return JSON.stringify(texts.map(asText)).replace(/[^ -~]/g, escaped);
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
