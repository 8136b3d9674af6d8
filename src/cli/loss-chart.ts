import { plot } from 'asciichart';
import { rangeOf } from '../charts/axis.ts';
import { columnOf, drawable, type LossCurve, type LossPoint, meanLosses } from '../charts/loss-curve.ts';
import { ensure } from '../core/errors.ts';

interface LossChartOptions {
  /** Columns and lines of the whole chart with its labels. Default to 78 and 18: a usual terminal less a prompt. */
  readonly width?: number;
  readonly height?: number;
}

/** Asciichart's symbols of both lines: axis crossing, axis, line start, line end, flat, the corners, vertical. */
const SYMBOLS = ['┤┤╶╴─╰╭╮╯│', '┤┤╶╴═╚╔╗╝║'];

/**
 * A loss curve in characters: training loss as a single line, validation loss as a double line over it, in nats per token. Each column shows
 * the mean of the steps that fall into it, or a straight line between two measurements further apart.
 *
 * @throws TsgptError if the curve has no finite loss, or the chart would be smaller than 24 columns by 5 lines
 */
export function lossChartText(curve: LossCurve, { width = 78, height = 18 }: LossChartOptions = {}): string {
  ensure(
    width >= 24 && height >= 5,
    `a chart of ${width} by ${height} characters is too small; give it at least 24 by 5`,
  );
  const { train, validation, notFinite } = drawable(curve);
  const all = [...train, ...validation];
  const steps = rangeOf(all.map(({ step }) => step));
  const losses = rangeOf(
    all.map(({ loss }) => loss),
    0.5,
  );
  const labelWidth = Math.max(...losses.map((loss) => loss.toFixed(2).length));
  const [columns, rows] = [width - labelWidth - 2, height - 3]; // besides: the legend, the axis and one row more
  const lines = [train, validation].map((points) => sample(points, steps, columns));
  const [low, high] = rangeOf(lines.flat().filter(Number.isFinite), 0.5);
  const drawn = lines.map((line, i) => {
    const heights = line.map((loss) => ((loss - low) / (high - low)) * rows);
    return drawLine(heights, rows, [...SYMBOLS[i]!]);
  });
  const body = drawn[0]!.map((train, row) => {
    const label = (high - ((high - low) * row) / rows).toFixed(2).padStart(labelWidth);
    const cells = Array.from(drawn[1]![row]!, (above, i) => (above === ' ' ? train[i] : above));
    return `${label} ┤${cells.join('').trimEnd()}`;
  });
  const figures = ([first, ...others]: readonly LossPoint[], name: string) =>
    first ? `${name} ${first.loss.toFixed(2)} → ${(others.at(-1) ?? first).loss.toFixed(2)}` : '';
  const left = notFinite.length > 0 ? `${notFinite.length} not finite` : '';
  const legend = [figures(train, '─ train'), figures(validation, '═ validation'), left].filter(Boolean).join('   ');
  const [first, last] = [`${steps[0]}`, steps[0] < steps[1] ? `step ${steps[1]}` : ''];
  const axis = ' '.repeat(labelWidth + 2) + first + last.padStart(columns - first.length);
  return [legend, ...body, axis.trimEnd()].join('\n');
}

/** A loss for each column from the first to the last step; NaN where the points have not begun or have ended. */
function sample(points: readonly LossPoint[], steps: readonly [number, number], columns: number): number[] {
  const means = meanLosses(points, columns, steps).map(
    (mean) => [columnOf(mean.step, steps, columns), mean.loss] as const,
  );
  return Array.from({ length: columns }, (_, column) => {
    const [before, after] = [means.findLast(([at]) => at <= column), means.find(([at]) => at >= column)];
    if (!before || !after) return Number.NaN;
    return before[1] + ((column - before[0]) / (after[0] - before[0] || 1)) * (after[1] - before[1]);
  });
}

/** The rows of a line through heights between 0 and `rows`, the top one first. */
function drawLine(heights: readonly number[], rows: number, symbols: readonly string[]): string[] {
  const known = heights.filter(Number.isFinite);
  if (known.length === 0) return Array(rows + 1).fill(' '.repeat(heights.length));
  // Asciichart draws from each value to the next, so the last one is given twice. Its axis, the first column, goes.
  const text = plot([...known, known.at(-1)!], {
    height: rows,
    min: 0,
    max: rows,
    offset: 1,
    symbols,
    format: () => ' ',
  });
  const start = ' '.repeat(heights.findIndex(Number.isFinite));
  return text.split('\n').map((row) => (start + row.slice(1)).padEnd(heights.length));
}
