import { ensure } from '../errors.ts';

/** An axis of numbers. */
export interface NumberAxis {
  /** What is measured, and its unit: "loss (nats per token)". */
  readonly label: string;
  /** `log` for values over several powers of ten; they must then be positive. Default `linear`. */
  readonly scale?: 'linear' | 'log';
  /** The two ends of the axis. Default: what covers the data. */
  readonly domain?: readonly [low: number, high: number];
}

export interface Point {
  readonly x: number;
  readonly y: number;
}

/** One line: its name in the legend, and its points in the order they are joined. */
export type LineSeries = {
  readonly name: string /** A dot at every point: few measurements, not a function. */;
  readonly dots?: boolean;
} & ({ readonly points: readonly Point[] } | { readonly xs: ArrayLike<number>; readonly ys: ArrayLike<number> });

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
  /** What the reader is to notice, in a sentence: it opens the description for those who cannot see the chart. */
  readonly description?: string;
}

/**
 * Lines over a common x axis, such as GELU beside ReLU, as a standalone SVG.
 *
 * Points that are NaN or infinite are left out, a line breaks there, and a note says how many.
 *
 * @throws TsgptError if there is nothing to draw, or `xs` and `ys` differ in length, or a log axis gets a value of 0 or less
 */
export function lineChartSvg(chart: LineChart): string {
  ensure(false, `${chart.title}: not drawn yet.`);
}
