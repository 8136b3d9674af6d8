import { ensure } from '../core/errors.ts';

export interface Point {
  readonly x: number;
  readonly y: number;
}

/** One line: its name in the legend, and its points in the order they are joined. */
export type LineSeries = {
  readonly name: string;
  /** A dot at every point: for few measurements, not for a function. */
  readonly dots?: boolean;
} & ({ readonly points: readonly Point[] } | { readonly xs: ArrayLike<number>; readonly ys: ArrayLike<number> });

/** A series as it is drawn. */
export interface Line {
  readonly name: string;
  readonly dots: boolean;
  /** With (NaN, NaN) where the line is interrupted. */
  readonly points: readonly Point[];
  /** The points that can be drawn. */
  readonly finite: readonly Point[];
  /** Points without a neighbour to be joined with. */
  readonly single: readonly Point[];
}

/** @throws TsgptError if `xs` and `ys` differ in length or no point is finite */
export function lineOf(series: LineSeries): Line {
  const { name, dots = false } = series;
  const given = 'points' in series ? series.points : paired(name, series.xs, series.ys);
  const gap = { x: Number.NaN, y: Number.NaN };
  const points = given.map(({ x, y }) => (isFinitePoint({ x, y }) ? { x, y } : gap));
  const finite = points.filter(isFinitePoint);
  ensure(finite.length > 0, `There is nothing to draw for "${name}": it has no finite point.`);
  const isJoined = (i: number) => [points[i - 1], points[i + 1]].some((point) => point && isFinitePoint(point));
  return { name, dots, points, finite, single: points.filter((point, i) => isFinitePoint(point) && !isJoined(i)) };
}

const isFinitePoint = ({ x, y }: Point) => Number.isFinite(x) && Number.isFinite(y);

function paired(name: string, xs: ArrayLike<number>, ys: ArrayLike<number>): Point[] {
  ensure(xs.length === ys.length, `"${name}" has ${xs.length} xs but ${ys.length} ys; give one y for each x.`);
  return Array.from(xs, (x, i) => ({ x, y: ys[i]! }));
}
