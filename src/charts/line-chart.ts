import { ensure } from '../core/errors.ts';
import { type NumberAxis, numberChannel, seriesChannel } from './axis.ts';
import { distinct, draw, layer } from './draw.ts';
import { numberText } from './text.ts';
import { SERIES, WIDTH } from './theme.ts';

export interface Point {
  /** Name of the line, in the legend. */
  readonly series: string;
  /** NaN or infinite where the line breaks. */
  readonly x: number;
  readonly y: number;
}

export interface LineChart {
  /** Heading, and the image's name for a screen reader. */
  readonly title: string;
  readonly x: NumberAxis;
  readonly y: NumberAxis;
  /** Of all lines, each in the order in which they are joined. */
  readonly points: readonly Point[];
}

/** Lines of fewer points have dots: they are measurements, not functions. */
const [HEIGHT, FEW] = [250, 30];

/** Patterns by which lines are told apart without colour; five, so that eight lines with four colours are all different. */
const DASHES = ['1,0', '9,5', '2,5', '14,4,3,4', '5,2'].map((pattern) => pattern.split(',').map(Number));

/**
 * Lines over a common x axis, such as GELU beside ReLU, as a standalone SVG.
 *
 * @throws TsgptError if no point is finite, or an axis cannot show a value
 */
export async function lineChartSvg(chart: LineChart): Promise<string> {
  const { title, x, y, points } = chart;
  const names = distinct(points, 'series');
  const finite = points.filter((point) => Number.isFinite(point.x) && Number.isFinite(point.y));
  ensure(finite.length > 0, `there is nothing to draw in the chart "${title}": it has no finite point`);
  const isFew = new Map(names.map((name) => [name, points.filter(({ series }) => series === name).length < FEW]));
  const drawn = new Set(finite);
  const rows = points.map((point, order) => {
    const place = drawn.has(point) ? {} : { x: null, y: null };
    return { ...point, ...place, order, isDot: isFew.get(point.series) };
  });
  const [xs, ys] = [finite.map((point) => point.x), finite.map((point) => point.y)];
  const encoding = { x: { ...numberChannel('x', x, xs, WIDTH), title: null }, y: numberChannel('y', y, ys, HEIGHT) };
  const color = seriesChannel(names, SERIES, 'stroke');
  const lines = { order: { field: 'order' }, color, strokeDash: seriesChannel(names, DASHES, 'stroke') };
  const words = names.map((name) =>
    inWords(
      finite.filter(({ series }) => series === name),
      x.label,
    ),
  );
  return draw(chart.title, {
    words: [`Line chart of ${y.label} over ${x.label}`, ...words],
    missing: points.length - finite.length,
    rows,
    xLabel: x.label,
    view: () => ({
      height: HEIGHT,
      encoding,
      layer: [
        layer('true', { type: 'line', strokeWidth: 2.25, strokeCap: 'round' }, lines),
        layer('datum.isDot', { type: 'circle', size: 50, opacity: 1 }, { fill: seriesChannel(names, SERIES) }),
      ],
    }),
  });
}

/** "GELU: from −0.004 at x −3 to 3 at x 3, lowest −0.17 at x −0.75, highest 3 at x 3". */
function inWords(points: readonly Point[], xLabel: string): string {
  const at = (point: Point | undefined) => point && `${numberText(point.y, 3)} at ${xLabel} ${numberText(point.x, 3)}`;
  const sorted = [...points].sort((a, b) => a.y - b.y);
  const extremes = `lowest ${at(sorted[0])}, highest ${at(sorted.at(-1))}`;
  return points[0] ? `${points[0].series}: from ${at(points[0])} to ${at(points.at(-1))}, ${extremes}` : '';
}
