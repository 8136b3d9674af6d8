import { ensure } from '../../../core/errors.ts';
import { quoted } from '../../../core/printable.ts';
import { choiceFilters } from './choice.ts';
import type { FilterFunction, Filters } from './filter.ts';
import { listFilters } from './lists.ts';
import { numberFilters } from './numbers.ts';
import { textFilters } from './texts.ts';

const filters: Filters = { ...textFilters, ...numberFilters, ...listFilters, ...choiceFilters(filterNamed) };

export function filterNamed(name: string): FilterFunction {
  ensure(Object.hasOwn(filters, name), () => `there is no filter ${quoted(name)}`);
  const filter = filters[name]!;
  return (input, given, meter) => meter.around([input, ...given.all()], () => filter(input, given, meter));
}
