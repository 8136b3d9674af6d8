import { ensure } from '../core/errors.ts';
import { textWidth, wrapText } from './text.ts';
import { FONT_SIZE, WIDTH } from './theme.ts';

/** An axis of numbers. */
export interface NumberAxis {
  /** What is measured, and its unit: "loss (nats per token)". */
  readonly label: string;
  /** `log` for values over several powers of ten; they must then be positive. Defaults to `linear`. */
  readonly scale?: 'linear' | 'log';
}

/** The smallest and the largest value, or the ends of an axis around a single one. */
export function rangeOf(values: readonly number[], margin = 0): [low: number, high: number] {
  const low = values.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
  const high = values.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  return high - low > 1e-300 ? [low, high] : [low - margin, low + margin];
}

/**
 * Vega-Lite's channel of a field whose `values` are finite.
 *
 * @param length of the axis in pixels, for its ticks and its title
 * @throws TsgptError if the axis cannot show a value
 */
export function numberChannel(field: string, axis: NumberAxis, values: readonly number[], length: number): object {
  const [low, high] = rangeOf(values);
  const isLog = axis.scale === 'log';
  const fits = low >= (isLog ? 1e-300 : -1e300) && high <= 1e300;
  ensure(fits, `the axis "${axis.label}" cannot show values from ${low} to ${high}; leave some out`);
  const domain = rangeOf(values, isLog ? low / 2 : Math.max(0.5, Math.abs(low) / 2));
  const most = isLog ? Math.log10(domain[1] / domain[0]) : length / 40; // with more, a log axis would have minor ticks
  const tickCount = Math.floor(Math.max(1, Math.min(6, most)));
  return {
    field,
    type: 'quantitative',
    title: wrapText(axis.label, length, FONT_SIZE),
    scale: { type: axis.scale ?? 'linear', domain, zero: false, nice: isLog || tickCount },
    axis: { labelExpr: 'numberText(datum.value)', tickCount, labelOverlap: true },
  };
}

/** Vega-Lite's channel of the field `series`: each name gets one of `range`, and with a symbol a legend. */
export function seriesChannel(names: readonly string[], range: readonly unknown[], symbolType?: string): object {
  const widest = Math.max(...names.map((name) => textWidth(name, FONT_SIZE)));
  const legend = symbolType ? { title: null, symbolType, columns: Math.floor(WIDTH / (60 + widest)) || 1 } : null;
  return {
    field: 'series',
    scale: { type: 'ordinal', domain: names, range: names.map((_, i) => range[i % range.length]) },
    legend,
  };
}
