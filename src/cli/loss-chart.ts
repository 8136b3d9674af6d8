import { plot } from 'asciichart';
import { rangeOf } from '../charts/axis.ts';
import { columnOf, drawable, type LossCurve, type LossPoint, meanLosses } from '../charts/loss-curve.ts';
import { ensure } from '../core/errors.ts';

interface LossChartOptions {
  /** Columns and lines of the whole chart with its labels. Default to 78 and 18: a usual terminal less a prompt. */
  readonly width?: number;
  readonly height?: number;
}

/** Columns and lines of the smallest chart that can be read. */
export const smallestChart = { width: 24, height: 5 } as const;

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
    width >= smallestChart.width && height >= smallestChart.height,
    `a chart of ${width} by ${height} characters is too small; give it at least 24 by 5`,
  );
  const { train, validation } = drawable(curve);
  const steps = rangeOf([...train, ...validation].map(({ step }) => step));
  const legend = inLines(figuresOf(curve), width).slice(0, height - 4);
  const rows = height - legend.length - 2; // besides: the axis and one row more
  // How much of the width the labels need is known when the losses to label are.
  let [labelWidth, columns] = [0, 0];
  let [lines, labels]: [number[][], string[]] = [[], ['0.00']];
  let [low, high] = [0, 0];
  while (longest(labels) > labelWidth) {
    labelWidth = longest(labels);
    columns = width - labelWidth - 2;
    lines = [train, validation].map((points) => sample(points, steps, columns));
    [low, high] = wideEnough(rangeOf(lines.flat().filter(Number.isFinite), 0.5), rows);
    labels = labelsOf(low, high, rows);
  }
  const drawn = lines.map((line, i) => {
    const heights = line.map((loss) => ((loss - low) / (high - low)) * rows);
    return drawLine(heights, rows, [...SYMBOLS[i]!]);
  });
  const body = drawn[0]!.map((train, row) => {
    const cells = Array.from(drawn[1]![row]!, (above, i) => (above === ' ' ? train[i] : above));
    return `${labels[row]!.padStart(labelWidth)} ┤${cells.join('').trimEnd()}`;
  });
  const last = steps[0] < steps[1] ? `step ${steps[1]}` : '';
  const axis = ' '.repeat(labelWidth + 2) + `${steps[0]} `.padEnd(columns - last.length) + last;
  return [...legend, ...body, axis.trimEnd()].join('\n');
}

/** Where the losses begin and end: "─ train 4.17 → 1.50". */
export function figuresOf(curve: LossCurve): string[] {
  const { train, validation, notFinite } = drawable(curve);
  const figures = ([first, ...others]: readonly LossPoint[], name: string) =>
    first ? `${name} ${labelOf(first.loss, 2)} → ${labelOf((others.at(-1) ?? first).loss, 2)}` : '';
  const left = notFinite.length > 0 ? `${notFinite.length} not finite` : '';
  return [figures(train, '─ train'), figures(validation, '═ validation'), left].filter(Boolean);
}

/** Texts in lines of at most `width` columns, unless one is longer itself. */
function inLines(texts: readonly string[], width: number): string[] {
  const lines: string[] = [];
  for (const text of texts) {
    const longer = `${lines.at(-1)}   ${text}`;
    if (lines.length > 0 && longer.length <= width) lines[lines.length - 1] = longer;
    else lines.push(text);
  }
  return lines;
}

const longest = (texts: readonly string[]) => Math.max(...texts.map(({ length }) => length));

/** The labels of the rows, the top one first, with as many decimals as they need to differ. */
function labelsOf(low: number, high: number, rows: number): string[] {
  const decimals = Math.max(2, Math.ceil(0.05 - Math.log10((high - low) / rows)));
  return Array.from({ length: rows + 1 }, (_, row) => labelOf(high - ((high - low) * row) / rows, decimals));
}

/** A range whose rows differ by at least what a label can show: a millionth, of large values a thousandth of them. */
function wideEnough([low, high]: readonly [number, number], rows: number): [low: number, high: number] {
  const size = Math.max(-low, high);
  const least = size < 1e5 ? 1e-6 : size / 1000;
  const missing = Math.max(0, rows * least - (high - low));
  return [low - missing / 2, high + missing / 2];
}

function labelOf(loss: number, decimals: number): string {
  return Math.abs(loss) < 1e5 ? loss.toFixed(decimals) : loss.toExponential(Math.min(decimals, 4));
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
