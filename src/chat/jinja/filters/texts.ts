import { ensure } from '../../../core/errors.ts';
import { integer, text } from '../check.ts';
import { lengthOf, partOf } from '../code-points.ts';
import { formatted } from '../format.ts';
import { iterate } from '../iterate.ts';
import type { Meter } from '../meter.ts';
import { capitalized, replaced } from '../string-methods.ts';
import { centered, splitLines, splitRight, strip } from '../strings.ts';
import { textOf } from '../text-of.ts';
import { toJson } from '../to-json.ts';
import { Dict, isTrue, Tuple, Undefined, type Value } from '../values.ts';
import { space } from '../whitespace.ts';
import { type Filters, plain } from './filter.ts';

const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', "'": '&#39;', '"': '&#34;' };
const wordStart = new RegExp(`((?:[-(\\{\\[<]|${space})+)`);

const escaped = (input: Value, meter: Meter) =>
  textOf(meter, input).replace(/[&<>'"]/g, (character) => entities[character]!);

/** The number of items; undefined for what has none. */
function sizeOf(value: Value): number | undefined {
  if (Array.isArray(value)) return value.length;
  if (value instanceof Tuple) return value.items.length;
  return value instanceof Dict ? value.entries.size : undefined;
}

function spaces(meter: Meter, filter: string, width: Value): string {
  const count = Math.max(0, integer(filter, width));
  meter.characters(count);
  return ' '.repeat(count);
}

/** Filters that make texts. https://jinja.palletsprojects.com/en/stable/templates/#builtin-filters */
export const textFilters: Filters = {
  capitalize: plain((input, meter) => capitalized(textOf(meter, input))),
  center(input, given, meter) {
    const [width = 80n] = given.take('center', 'width?');
    const [wanted, self] = [integer('center', width), textOf(meter, input)];
    meter.characters(wanted);
    return centered(self, wanted);
  },
  e: plain((input, meter) => escaped(input, meter)),
  escape: plain((input, meter) => escaped(input, meter)),
  format: (input, given, meter) => formatted(meter, textOf(meter, input), given),
  indent(input, given, meter) {
    const [width = 4n, first = false, blank = false] = given.take('indent', 'width?', 'first?', 'blank?');
    const indentation = typeof width === 'string' ? width : spaces(meter, 'indent', width);
    // Every line has an end, the last one, too.
    const [line = '', ...lines] = splitLines(`${text('indent', input)}\n`);
    meter.characters(indentation.length * lines.length);
    const indented = lines.map((line) => (line === '' && !isTrue(blank) ? '' : indentation + line));
    return (isTrue(first) ? indentation : '') + [line, ...indented].join('\n');
  },
  lower: plain((input, meter) => textOf(meter, input).toLowerCase()),
  replace(input, given, meter) {
    const [from, to, count] = given.take('replace', 'old', 'new', 'count?');
    return replaced(meter, textOf(meter, input), textOf(meter, from!), textOf(meter, to!), count);
  },
  /** Nothing is escaped, so nothing needs to be marked as safe. */
  safe: plain((input, meter) => textOf(meter, input)),
  string: plain((input, meter) => textOf(meter, input)),
  title: plain((input, meter) => {
    const parts = textOf(meter, input).split(wordStart);
    return parts.map((part) => capitalized(part)).join('');
  }),
  tojson(input, given, meter) {
    const [ascii = false, indent = null, separators = null, sortKeys = false] = given.take(
      'tojson',
      ...['ensure_ascii?', 'indent?', 'separators?', 'sort_keys?'],
    );
    const space = typeof indent === 'string' ? indent : indent === null ? undefined : spaces(meter, 'tojson', indent);
    const [item = space === undefined ? ', ' : ',', key = ': '] =
      separators === null ? [] : [...iterate(meter, separators)].map((separator) => text('tojson', separator));
    const form = {
      indent: space,
      separators: [item, key] as const,
      isAscii: isTrue(ascii),
      sortKeys: isTrue(sortKeys),
    };
    return toJson(meter, input, form);
  },
  trim(input, given, meter) {
    const [chars] = given.take('trim', 'chars?');
    const self = textOf(meter, input);
    return strip(self, chars === undefined || chars === null ? undefined : text('trim', chars));
  },
  truncate(input, given) {
    const [length = 255n, cutsWords = false, end = '...', leeway = 5n] = given.take(
      'truncate',
      ...['length?', 'killwords?', 'end?', 'leeway?'],
    );
    if (input instanceof Undefined) return '';
    const [most, ending] = [integer('truncate', length), text('truncate', end)];
    ensure(
      most >= lengthOf(ending),
      () => `truncate: a length of ${most} is less than that of the end, ${lengthOf(ending)}`,
    );
    const longest = most + integer('truncate', leeway);
    const size = sizeOf(input);
    if (size !== undefined && size <= longest) return input;
    const self = text('truncate', input);
    if (lengthOf(self) <= longest) return self;
    const cut = partOf(self, 0, most - lengthOf(ending));
    return (isTrue(cutsWords) ? cut : splitRight(cut, ' ', 1)[0]!) + ending;
  },
  upper: plain((input, meter) => textOf(meter, input).toUpperCase()),
  wordcount: plain((input, meter) => BigInt(textOf(meter, input).match(/[\p{L}\p{N}_]+/gu)?.length ?? 0)),
};
