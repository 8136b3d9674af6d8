import type { Meter } from '../meter.ts';
import type { Arguments, Value } from '../values.ts';

/** A filter: `input | name(given)`. */
export type FilterFunction = (input: Value, given: Arguments, meter: Meter) => Value;

/** A filter without arguments. */
export function plain(change: (input: Value, meter: Meter) => Value): FilterFunction {
  return (input, given, meter) => {
    given.take('the filter');
    return change(input, meter);
  };
}

export type Filters = Record<string, FilterFunction>;
