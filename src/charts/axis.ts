import { ensure } from '../core/errors.ts';
import { type Range, rangeOf, widened } from './range.ts';
import { numberText, powerText } from './text.ts';

/** An axis of numbers. */
export interface NumberAxis {
  /** What is measured, and its unit: "loss (nats per token)". */
  readonly label: string;
  /** `log` for values over several powers of ten; they must then be positive. Default `linear`. */
  readonly scale?: 'linear' | 'log';
  /** The two ends of the axis. Default: what covers the data. */
  readonly domain?: Range;
}

/** Magnitudes that can be drawn: between larger or smaller ones there are no differences to compute with. */
const LARGEST = 1e300;
const SMALLEST = 1e-300;

/** What Plot is told about an axis. */
export interface AxisScale {
  readonly type: 'linear' | 'log';
  readonly domain: [number, number];
  /** Whether and to about how many ticks Plot is to round the ends outwards. */
  readonly nice: number | false;
  /** Where the ticks are, or about how many. */
  readonly ticks: number[] | number;
  readonly tickFormat: (value: number) => string;
}

export interface ScaleOptions {
  /** On either side of values that are all equal. */
  readonly margin?: number;
  /** About how many. */
  readonly ticks?: number;
  /** Whether the ends are rounded outwards, unless the axis gives a domain. */
  readonly nice?: boolean;
}

/**
 * An axis that covers `values`, which are finite.
 *
 * @throws TsgptError if its domain is empty or it cannot show a value
 */
export function axisScale(axis: NumberAxis, values: readonly number[], options: ScaleOptions = {}): AxisScale {
  const { margin = 0.5, ticks = 6, nice = true } = options;
  const { label, domain: given } = axis;
  ensure(
    given === undefined || (given.every(Number.isFinite) && given[0] < given[1]),
    () => `The domain of "${label}" is [${given?.join(', ')}]; give it a finite low end and a higher high end.`,
  );
  const range = given ?? rangeOf(values);
  const largest = Math.max(-range[0], range[1]);
  ensure(largest <= LARGEST, () => `No axis can show ${largest} of "${label}"; leave it out.`);
  if (axis.scale === 'log') return logScale(label, range, ticks, nice && !given);
  const [low, high] = range[1] - range[0] < SMALLEST ? [range[0], range[0]] : range;
  const domain = [...widened([low, high], Math.max(margin, Math.abs(low) / 2))] as [number, number];
  const whole = [...values, ...domain].every(Number.isInteger);
  const count = whole ? Math.max(1, Math.min(ticks, domain[1] - domain[0])) : ticks; // no half steps
  return {
    type: 'linear',
    domain,
    nice: nice && !given && count,
    ticks: count,
    tickFormat: (value) => numberText(value),
  };
}

function logScale(label: string, [low, high]: Range, count: number, nice: boolean): AxisScale {
  ensure(
    low >= SMALLEST,
    () => `A logarithmic axis cannot show ${numberText(low)} of "${label}"; leave it out or use a linear axis.`,
  );
  const outwards = [Math.floor(Math.log10(low)), Math.ceil(Math.log10(high))].map((exponent) =>
    Number(`1e${exponent}`),
  );
  const [from, to] = nice ? (outwards as [number, number]) : [low, high];
  const domain: [number, number] = from < to ? [from, to] : [from / 2, from * 2];
  return {
    type: 'log',
    domain,
    nice: false,
    ticks: powersOfTen(domain, count),
    tickFormat: low < 1e-5 || high > 1e6 ? powerText : (value) => numberText(value, 3),
  };
}

/** The powers of ten in the range, with their doubles and fivefolds if they are few, and every n-th only if they are many. */
function powersOfTen([low, high]: readonly [number, number], count: number): number[] {
  const [first, last] = [Math.ceil(Math.log10(low) - 1e-9), Math.floor(Math.log10(high) + 1e-9)];
  const step = Math.max(1, Math.ceil((last - first) / Math.max(4, count)));
  const powers: number[] = [];
  for (let exponent = first; exponent <= last; exponent += step) powers.push(Number(`1e${exponent}`));
  if (powers.length > 2) return powers;
  const finer = Array.from({ length: last - first + 3 }, (_, i) => first - 1 + i)
    .flatMap((exponent) => [1, 2, 5].map((digit) => Number(`${digit}e${exponent}`)))
    .filter((tick) => tick >= low && tick <= high);
  return finer.length > 1 ? finer : [low, high];
}
