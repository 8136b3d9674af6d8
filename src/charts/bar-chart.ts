import { ensure } from '../errors.ts';
import type { NumberAxis } from './line-chart.ts';

/** The bars at one place of the category axis: one for each series. */
export interface BarGroup {
  readonly label: string;
  /** One value for each series; null (or NaN) for one that is missing. */
  readonly values: readonly (number | null)[];
}

/** One of several charts with the same axes. */
export interface BarPanel {
  readonly title: string;
  readonly groups: readonly BarGroup[];
}

/** Either the groups of one chart, or panels which each have groups of the same labels. */
export type BarContent =
  | { readonly groups: readonly BarGroup[]; readonly panels?: undefined }
  | { readonly panels: readonly BarPanel[]; readonly groups?: undefined };

export type BarChart = BarContent & {
  /** Heading, and the image's name for a screen reader. */
  readonly title: string;
  /** The axis along which the bars have their lengths. A log axis starts at the power of ten below the smallest value. */
  readonly value: NumberAxis;
  /** What the groups are: "layer". Left out where the labels say it. */
  readonly category?: { readonly label: string };
  /** Names of the values in each group, at most four; may be left out if there is only one. */
  readonly series?: readonly string[];
  /** `vertical` bars stand beside one another (panels: one below the other), `horizontal` ones lie below one another (panels: side by side). Default `vertical`. */
  readonly orientation?: 'vertical' | 'horizontal';
  /** Whether labels are texts of tokens: then white space is made visible and the font is monospaced. Default false. */
  readonly tokens?: boolean;
  /** Writes the value at the end of each bar. Default: for horizontal bars. */
  readonly valueLabels?: boolean;
  /** How a value is written at its bar. Default: three significant digits. */
  readonly format?: (value: number) => string;
  /** What the reader is to notice, in a sentence: it opens the description for those who cannot see the chart. */
  readonly description?: string;
};

/**
 * Bars, one or several for each label, as a standalone SVG: mean gradients of the layers, probabilities of the next token.
 *
 * @throws TsgptError if there is no finite value, groups differ in their number of values, panels in their labels, or a
 *   log axis gets a value of 0 or less
 */
export function barChartSvg(chart: BarChart): string {
  ensure(false, `${chart.title}: not drawn yet.`);
}
