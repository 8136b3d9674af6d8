import { ensure } from '../core/errors.ts';
import { axisScale, type NumberAxis } from './axis.ts';
import { drawCaptions, type Pixel } from './captions.ts';
import { fitted } from './fit.ts';
import { finish } from './frame.ts';
import { layOutHeader } from './header.ts';
import { type Line, type LineSeries, lineOf, type Point } from './line-data.ts';
import { legendEntry, plotLines } from './line-plot.ts';
import { counted, numberText } from './text.ts';
import { PADDING, PLOT_HEIGHT, WIDTH } from './theme.ts';

/** A marked point of the plane and its caption. */
export interface Note extends Point {
  readonly text: string;
}

export interface LineChart {
  /** Heading, and the image's name for a screen reader. */
  readonly title: string;
  readonly x: NumberAxis;
  readonly y: NumberAxis;
  /** One to eight lines. */
  readonly series: readonly LineSeries[];
  readonly notes?: readonly Note[];
  /** What is to be known about the data, shown below the legend. Default: how many points are not finite, if any. */
  readonly remark?: string;
  /** What the reader is to notice, in a sentence: it opens the description for those who cannot see the chart. */
  readonly description?: string;
}

const MAX_LINES = 8;

/**
 * Lines over a common x axis, such as GELU beside ReLU, as a standalone SVG.
 *
 * Points that are NaN or infinite are left out, a line breaks there, and a remark says how many.
 *
 * @throws TsgptError if there is nothing to draw, `xs` and `ys` differ in length, a log axis gets a value of 0 or less, or a note
 *   is outside of a given domain
 */
export function lineChartSvg(chart: LineChart): string {
  const { title, x, y, series, notes = [], description = '' } = chart;
  ensure(series.length > 0, `The chart "${title}" has no line; give it at least one series.`);
  ensure(
    series.length <= MAX_LINES,
    `The chart "${title}" has ${series.length} lines, more than can be told apart; draw at most ${MAX_LINES} at once.`,
  );
  const lines = series.map(lineOf);
  checkNotes(notes, x, y);
  const shown = [...lines.flatMap(({ finite }) => finite), ...notes];
  const scales = {
    x: axisScale(
      x,
      shown.map((point) => point.x),
      { margin: 1, ticks: 7, nice: false },
    ),
    y: axisScale(
      y,
      shown.map((point) => point.y),
    ),
  };
  const missing = lines.reduce((sum, { points, finite }) => sum + points.length - finite.length, 0);
  const remark = chart.remark || (missing > 0 ? `not finite and left out: ${counted(missing, 'point')}` : '');
  const header = layOutHeader(title, { legend: lines.map(legendEntry), above: y.label, remark });

  const svg = fitted((margins) =>
    plotLines(
      lines,
      x.label,
      { ...scales, cut: Boolean(x.domain ?? y.domain) },
      { marginTop: header.height, ...margins },
    ),
  );
  const [toX, toY] = [svg.scale('x'), svg.scale('y')];
  const pixel = (point: Point): Pixel => [toX.apply(point.x), toY.apply(point.y)];
  const frame = {
    left: toX.apply(scales.x.domain[0]) - 4,
    right: WIDTH - PADDING,
    top: header.height - 6,
    bottom: header.height + PLOT_HEIGHT,
  };
  const pixels = lines.map(({ finite }) => finite.map(pixel));
  drawCaptions(
    svg,
    notes.map((note) => ({ at: pixel(note), text: note.text })),
    pixels,
    frame,
  );
  return finish(svg, header, [
    description,
    `Line chart of ${y.label} over ${x.label}`,
    ...lines.map((line) => inWords(line, x.label)),
    ...notes.map((note) => `Marked at ${x.label} ${numberText(note.x, 3)}: ${note.text}`),
    remark,
  ]);
}

function checkNotes(notes: readonly Note[], x: NumberAxis, y: NumberAxis): void {
  const isOn = ({ domain: [low, high] = [-Infinity, Infinity] }: NumberAxis, value: number) =>
    Number.isFinite(value) && value >= low && value <= high;
  for (const note of notes) {
    ensure(
      isOn(x, note.x) && isOn(y, note.y),
      `The note "${note.text}" at (${note.x}, ${note.y}) is outside of the chart; move it inside.`,
    );
  }
}

/** "GELU rises from −0.004 at x −3 to 3 at x 3; lowest −0.17 at x −0.75". */
function inWords({ name, finite }: Line, xLabel: string): string {
  const [first, last] = [finite[0]!, finite.at(-1)!];
  const at = ({ x, y }: Point) => `${numberText(y, 3)} at ${xLabel} ${numberText(x, 3)}`;
  if (finite.length === 1) return `${name}: ${at(first)}`;
  const verb = last.y < first.y ? 'falls' : last.y > first.y ? 'rises' : 'goes';
  const lowest = finite.reduce((best, point) => (point.y < best.y ? point : best));
  const highest = finite.reduce((best, point) => (point.y > best.y ? point : best));
  const ends = [first.y, last.y];
  const extremes = [
    ends.includes(lowest.y) ? '' : `lowest ${at(lowest)}`,
    ends.includes(highest.y) ? '' : `highest ${at(highest)}`,
  ];
  return [`${name} ${verb} from ${at(first)} to ${at(last)}`, ...extremes.filter(Boolean)].join('; ');
}
