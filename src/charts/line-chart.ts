import { ensure } from '../core/errors.ts';
import { ensureList, ensureString } from '../core/kind.ts';
import { knownOptions } from '../core/options.ts';
import { numberChannel, seriesChannel } from './axis.ts';
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
  /** What the axes measure, and the units: "loss (nats per token)". */
  readonly xLabel: string;
  readonly yLabel: string;
  /** The points of all lines, each line's in the order in which they are joined. */
  readonly points: readonly Point[];
}

/** Lines of fewer points have dots: they are measurements, not functions. */
const [HEIGHT, FEW] = [250, 30];

/** Patterns that tell lines apart without colour; five, so that eight lines in four colours are all different. */
// biome-ignore format: a list of patterns
const DASHES = [[1, 0], [9, 5], [2, 5], [14, 4, 3, 4], [5, 2]];

/**
 * Lines over a common x axis, such as GELU beside ReLU, as a standalone SVG.
 *
 * @throws TsgptError if no point is finite, or an axis cannot show a value
 */
export async function lineChartSvg(chart: LineChart): Promise<string> {
  const known = { title: true, xLabel: true, yLabel: true, points: true } as const;
  const { title, xLabel, yLabel, points } = knownOptions('lineChartSvg', chart, known);
  for (const [name, text] of Object.entries({ title, xLabel, yLabel })) ensureString('lineChartSvg', name, text);
  ensureList('lineChartSvg', 'the points', points, 'series', 'x', 'y');
  const isDrawn = ({ x, y }: Point) => Number.isFinite(x) && Number.isFinite(y);
  const finite = points.filter(isDrawn);
  ensure(finite.length > 0, `there is nothing to draw in the chart "${title}": it has no finite point`);
  const names = distinct(points, 'series');
  const lines = names.map((name) => points.filter(({ series }) => series === name));
  const rows = lines.flatMap((line) =>
    line.map((point, order) => ({
      ...(isDrawn(point) ? point : { series: point.series, x: null, y: null }),
      order,
      isDot: line.length < FEW,
    })),
  );
  const [xs, ys] = [finite.map((point) => point.x), finite.map((point) => point.y)];
  const x = { ...numberChannel('x', xLabel, xs, WIDTH), title: null };
  const y = numberChannel('y', yLabel, ys, HEIGHT);
  const color = seriesChannel(names, SERIES, 'stroke');
  const looks = { order: { field: 'order' }, color, strokeDash: seriesChannel(names, DASHES, 'stroke') };
  return draw(title, {
    words: [`Line chart of ${yLabel} over ${xLabel}`, ...lines.map((line) => inWords(line.filter(isDrawn), xLabel))],
    missing: points.length - finite.length,
    rows,
    xLabel,
    view: () => ({
      height: HEIGHT,
      encoding: { x, y },
      layer: [
        layer('true', { type: 'line', strokeWidth: 2.25, strokeCap: 'round' }, looks),
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
