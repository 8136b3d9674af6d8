import { ensure } from '../core/errors.ts';
import { textWidth, wrapText } from './text.ts';
import { FONT_SIZE, WIDTH } from './theme.ts';

/** The smallest and the largest value, or the ends of an axis around a single one. */
export function rangeOf(values: readonly number[], margin = 0): [low: number, high: number] {
  const low = values.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
  const high = values.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  return high - low > 1e-300 ? [low, high] : [low - margin, low + margin];
}

/**
 * Vega-Lite's channel of a field whose `values` are finite.
 *
 * @param title what is measured, and its unit: "loss (nats per token)"
 * @param length of the axis in pixels
 * @throws TsgptError if the axis cannot show a value
 */
export function numberChannel(field: string, title: string, values: readonly number[], length: number) {
  const [low, high] = rangeOf(values);
  const fits = Math.max(-low, high) <= 1e300;
  ensure(fits, `the axis "${title}" cannot show values from ${low} to ${high}; leave out those beyond 1e300`);
  const domain = rangeOf(values, Math.max(0.5, Math.abs(low) / 2));
  const tickCount = Math.max(2, Math.min(6, Math.floor(length / 50)));
  const tickMinStep = values.every(Number.isInteger) ? 1 : undefined; // there is no half step
  return {
    field,
    type: 'quantitative',
    title: wrapText(title, length, FONT_SIZE),
    scale: { domain, zero: false, nice: tickCount },
    axis: { labelExpr: 'numberText(datum.value)', tickCount, tickMinStep, labelOverlap: true, labelSeparation: 6 },
  };
}

/** Vega-Lite's channel of the field `series`: each name gets one of `range`, and with a symbol a legend. */
export function seriesChannel(names: readonly string[], range: readonly unknown[], symbolType?: string) {
  const widest = Math.max(...names.map((name) => textWidth(name, FONT_SIZE)));
  const legend = symbolType ? { title: null, symbolType, columns: Math.floor(WIDTH / (60 + widest)) || 1 } : null;
  return { field: 'series', scale: { type: 'ordinal', domain: names, range }, legend };
}
