import asciichart from 'asciichart';
import { ensure } from '../core/errors.ts';
import { drawable, type LossCurve, type LossPoint } from './curve.ts';
import { type Range, rangeOf, widened } from './range.ts';

export interface TerminalChartOptions {
  /** Columns and lines of the whole chart with its labels; a terminal's usual 80 by 24 leaves room for a prompt. */
  readonly width?: number;
  readonly height?: number;
  /** Colour the lines by ANSI codes. Leave it out where the text may go to a file. */
  readonly color?: boolean;
}

/** The order of asciichart: crossing, axis, line start, line end, flat, then the four corners and the vertical. */
const SYMBOLS = [
  ['┤', '┤', '╶', '╴', '─', '╰', '╭', '╮', '╯', '│'], // training: a single line
  ['┤', '┤', '╶', '╴', '═', '╚', '╔', '╗', '╝', '║'], // validation: a double line
];

/**
 * A loss curve in characters: training loss as a single line, validation loss as a double line over it, the loss at the left
 * and the steps below. The first line is the legend with the first and last loss of each, in nats per token.
 *
 * Each column shows the mean of the steps that fall into it, or a straight line between two measurements further apart.
 *
 * @throws TsgptError if the curve has no finite loss, or the chart would be smaller than 24 columns by 5 lines
 */
export function lossChartText(curve: LossCurve, options: TerminalChartOptions = {}): string {
  const { width = 78, height = 18, color = false } = options;
  ensure(
    width >= 24 && height >= 5,
    `A chart of ${width} by ${height} characters is too small; give it at least 24 by 5.`,
  );
  const { train, validation, notFinite, steps } = drawable(curve);
  const rows = height - 3; // steps from the lowest to the highest row; the legend, the axis and one row more make `height`

  // The labels' width decides how many columns are left, and what those show decides the labels: fix the width first.
  const measured = widened(rangeOf([...train, ...validation].map(({ loss }) => loss)), 0.5);
  const labelWidth = Math.max(...measured.map((loss) => loss.toFixed(2).length));
  const columns = Math.max(2, width - labelWidth - 2);
  const lines = [sample(train, steps, columns), sample(validation, steps, columns)];
  const [low, high] = widened(rangeOf(lines.flatMap(({ losses }) => losses)), 0.5);
  const [trainRows, validationRows] = lines.map(({ start, losses }, i) => {
    const heights = losses.map((loss) => ((loss - low) / (high - low)) * rows);
    return drawLine(heights, rows, SYMBOLS[i]!).map((row) => ' '.repeat(start) + row);
  });

  const body = Array.from({ length: rows + 1 }, (_, row) => {
    const label = (high - ((high - low) * row) / rows).toFixed(2).padStart(labelWidth);
    const line = overlay(trainRows?.[row] ?? '', validationRows?.[row] ?? '');
    return `${label} ┤${color ? coloured(line) : line}`;
  });
  const legend = [inFigures('─ train', train), inFigures('═ validation', validation)];
  if (notFinite > 0) legend.push(`${notFinite} not finite`);
  const heading = legend.filter(Boolean).join('   ');
  const [first, last] = steps.map((step) => String(step)) as [string, string];
  const axis = first === last ? first : `${first}${`step ${last}`.padStart(columns - first.length)}`;
  return [color ? coloured(heading) : heading, ...body, ' '.repeat(labelWidth + 2) + axis].join('\n');
}

/** The second text on top of the first: its spaces let the first one through. */
function overlay(below: string, above: string): string {
  const length = Math.max(below.length, above.length);
  const cells = Array.from({ length }, (_, i) => (above[i] && above[i] !== ' ' ? above[i] : (below[i] ?? ' ')));
  return cells.join('').trimEnd();
}

function coloured(text: string): string {
  return text
    .replace(/[─╰╭╮╯│]+/g, (line) => asciichart.blue + line + asciichart.reset)
    .replace(/[═╚╔╗╝║]+/g, (line) => asciichart.yellow + line + asciichart.reset);
}

function inFigures(name: string, points: readonly LossPoint[]): string {
  const [first, last] = [points[0], points.at(-1)];
  return first && last ? `${name} ${first.loss.toFixed(2)} → ${last.loss.toFixed(2)}` : '';
}

/**
 * One loss for each column from the first point's to the last point's: the mean of the points in it, and between two
 * columns with points a straight line.
 *
 * @returns the column of the first loss, and the losses from there on
 */
function sample(
  points: readonly LossPoint[],
  [firstStep, lastStep]: Range,
  columns: number,
): { start: number; losses: number[] } {
  const sums = new Map<number, { total: number; count: number }>();
  for (const { step, loss } of points) {
    const column = lastStep > firstStep ? Math.round(((step - firstStep) / (lastStep - firstStep)) * (columns - 1)) : 0;
    const { total, count } = sums.get(column) ?? { total: 0, count: 0 };
    sums.set(column, { total: total + loss, count: count + 1 });
  }
  const means = [...sums].map(([column, { total, count }]) => ({ column, loss: total / count }));
  const losses: number[] = [];
  means.forEach(({ column, loss }, i) => {
    const previous = means[i - 1] ?? { column: column - 1, loss };
    for (let between = previous.column + 1; between <= column; between++) {
      const share = (between - previous.column) / (column - previous.column);
      losses.push(previous.loss + share * (loss - previous.loss));
    }
  });
  return { start: means[0]?.column ?? 0, losses };
}

/** The rows of a line, the top one first, through heights between 0 and `rows`, one for each column. */
function drawLine(heights: readonly number[], rows: number, symbols: readonly string[]): string[] {
  if (heights.length === 0) return [];
  // asciichart draws from each value to the next, so the last one is given twice; and its axis, the first column, goes.
  const text = asciichart.plot([...heights, heights.at(-1)!], {
    height: rows,
    min: 0,
    max: rows,
    offset: 1,
    symbols,
    format: () => ' ',
  });
  return text.split('\n').map((row) => row.slice(1));
}
