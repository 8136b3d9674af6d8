export type Range = readonly [low: number, high: number];

/** The smallest and the largest value. */
export function rangeOf(values: Iterable<number>): Range {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of values) {
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  return [low, high];
}

/** The range itself, or one of twice `margin` around it if all values are equal: an axis needs two ends. */
export function widened([low, high]: Range, margin: number): Range {
  return low < high ? [low, high] : [low - margin, high + margin];
}
