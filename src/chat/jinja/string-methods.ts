import { ensure } from '../../core/errors.ts';
import { integer, optionalText, text, texts } from './check.ts';
import { characters, lengthOf, partOf } from './code-points.ts';
import { filledIn } from './format.ts';
import type { Meter } from './meter.ts';
import { centered, isCased, isLower, isUpper, split, splitLines, splitRight, strip, titled } from './strings.ts';
import { type Arguments, Tuple, type Value } from './values.ts';
import { isSpace } from './whitespace.ts';

type StringMethod = (self: string, given: Arguments, meter: Meter) => Value;

/** A method without arguments. */
function plain(method: (self: string) => Value): StringMethod {
  return (self, given) => {
    given.take('the method');
    return method(self);
  };
}

/** The methods of Python's `str`. */
export const stringMethods: Record<string, StringMethod> = {
  upper: plain((self) => self.toUpperCase()),
  lower: plain((self) => self.toLowerCase()),
  casefold: plain((self) => self.toLowerCase().replaceAll('ß', 'ss')),
  title: plain((self) => titled(self)),
  capitalize: plain((self) => capitalized(self)),
  swapcase: plain((self) => self.replace(/./gsu, (c) => (c === c.toLowerCase() ? c.toUpperCase() : c.toLowerCase()))),

  strip: (self, given) => stripped(self, given, 'strip()', true, true),
  lstrip: (self, given) => stripped(self, given, 'lstrip()', true, false),
  rstrip: (self, given) => stripped(self, given, 'rstrip()', false, true),
  removeprefix(self, given) {
    const prefix = text('removeprefix()', given.take('removeprefix()', 'prefix')[0]);
    return self.startsWith(prefix) ? self.slice(prefix.length) : self;
  },
  removesuffix(self, given) {
    const suffix = text('removesuffix()', given.take('removesuffix()', 'suffix')[0]);
    return suffix !== '' && self.endsWith(suffix) ? self.slice(0, -suffix.length) : self;
  },

  split: (self, given, meter) => pieces(self, given, meter, 'split()', split),
  rsplit: (self, given, meter) => pieces(self, given, meter, 'rsplit()', splitRight),
  splitlines(self, given, meter) {
    const [keepEnds = false] = given.take('splitlines()', 'keepends?');
    return measured(meter, splitLines(self, keepEnds === true));
  },
  partition(self, given) {
    const separator = text('partition()', given.take('partition()', 'sep')[0]);
    const at = self.indexOf(separator);
    return new Tuple(at < 0 ? [self, '', ''] : [self.slice(0, at), separator, self.slice(at + separator.length)]);
  },
  rpartition(self, given) {
    const separator = text('rpartition()', given.take('rpartition()', 'sep')[0]);
    const at = self.lastIndexOf(separator);
    return new Tuple(at < 0 ? ['', '', self] : [self.slice(0, at), separator, self.slice(at + separator.length)]);
  },
  join(self, given, meter) {
    const [list] = given.take('join()', 'list');
    return meter.joined(texts(meter, 'join()', list!), self);
  },

  startswith: (self, given, meter) => isAtEdge(self, given, meter, 'startswith()', (a, b) => a.startsWith(b)),
  endswith: (self, given, meter) => isAtEdge(self, given, meter, 'endswith()', (a, b) => a.endsWith(b)),
  find: (self, given) => place(self, given, 'find()', (a, b) => a.indexOf(b)),
  rfind: (self, given) => place(self, given, 'rfind()', (a, b) => a.lastIndexOf(b)),
  index: (self, given) => found(place(self, given, 'index()', (a, b) => a.indexOf(b))),
  rindex: (self, given) => found(place(self, given, 'rindex()', (a, b) => a.lastIndexOf(b))),
  count(self, given) {
    const [wanted, start, stop] = given.take('count()', 'sub', 'start?', 'end?');
    const inside = within(self, start, stop);
    const sub = text('count()', wanted);
    return BigInt(sub === '' ? lengthOf(inside) + 1 : inside.split(sub).length - 1);
  },
  replace(self, given, meter) {
    const [from, to, count] = given.take('replace()', 'old', 'new', 'count?');
    return replaced(meter, self, text('replace()', from), text('replace()', to), count);
  },
  format: (self, given, meter) => filledIn(meter, self, given),

  center: (self, given, meter) => padded(self, given, meter, 'center()', 'both'),
  ljust: (self, given, meter) => padded(self, given, meter, 'ljust()', 'right'),
  rjust: (self, given, meter) => padded(self, given, meter, 'rjust()', 'left'),
  zfill(self, given, meter) {
    const width = integer('zfill()', given.take('zfill()', 'width')[0]);
    meter.characters(width);
    return self.replace(/^[-+]?/, (sign) => sign + '0'.repeat(Math.max(0, width - lengthOf(self))));
  },

  isdigit: plain((self) => /^[\p{Nd}\u00b2\u00b3\u00b9\u2070\u2074-\u2079\u2080-\u2089]+$/u.test(self)),
  isdecimal: plain((self) => /^\p{Nd}+$/u.test(self)),
  isnumeric: plain((self) => /^\p{N}+$/u.test(self)),
  isalpha: plain((self) => /^\p{L}+$/u.test(self)),
  isalnum: plain((self) => /^[\p{L}\p{N}]+$/u.test(self)),
  isspace: plain(isSpace),
  isupper: plain(isUpper),
  islower: plain(isLower),
  istitle: plain((self) => isCased(self) && titled(self) === self),
  isascii: plain((self) => !/[^\0-\x7f]/.test(self)),
};

export function capitalized(self: string): string {
  const [first = ''] = self;
  return first.toUpperCase() + self.slice(first.length).toLowerCase();
}

/** `text` with the first `count` occurrences of `from` replaced; with all of them if `count` is none or negative. */
export function replaced(meter: Meter, self: string, from: string, to: string, count: Value | undefined): string {
  const most = count === undefined || count === null ? -1 : integer('replace()', count);
  meter.search(self, from);
  const parts = from === '' ? ['', ...characters(self), ''] : self.split(from);
  const times = most < 0 ? parts.length - 1 : Math.min(most, parts.length - 1);
  meter.characters(self.length + to.length * times);
  const rest = parts.slice(times).join(from);
  return [...parts.slice(0, times), rest].join(to);
}

function stripped(self: string, given: Arguments, callee: string, left: boolean, right: boolean): string {
  return strip(self, optionalText(callee, given.take(callee, 'chars?')[0]), left, right);
}

function pieces(self: string, given: Arguments, meter: Meter, callee: string, cut: typeof split): Value {
  const [separator, most] = given.take(callee, 'sep?', 'maxsplit?');
  const sep = optionalText(callee, separator);
  ensure(sep !== '', `${callee} needs a separator that is not empty`);
  return measured(meter, cut(self, sep, most === undefined ? -1 : integer(callee, most)));
}

function measured(meter: Meter, parts: string[]): string[] {
  meter.items(parts.length);
  for (const part of parts) meter.text(part);
  return parts;
}

function within(self: string, start: Value | undefined, stop: Value | undefined): string {
  const bound = (value: Value | undefined) =>
    value === undefined || value === null ? undefined : integer('a place in a text', value);
  return start === undefined && stop === undefined ? self : partOf(self, bound(start), bound(stop));
}

function isAtEdge(
  self: string,
  given: Arguments,
  meter: Meter,
  callee: string,
  isThere: (a: string, b: string) => boolean,
): boolean {
  const [wanted, start, stop] = given.take(callee, 'prefix', 'start?', 'end?');
  const inside = within(self, start, stop);
  const options = wanted instanceof Tuple ? texts(meter, callee, wanted) : [text(callee, wanted)];
  return options.some((option) => isThere(inside, option));
}

function place(self: string, given: Arguments, callee: string, find: (a: string, b: string) => number): bigint {
  const [wanted, start, stop] = given.take(callee, 'sub', 'start?', 'end?');
  const inside = within(self, start, stop);
  const at = find(inside, text(callee, wanted));
  if (at < 0) return -1n;
  const before = start === undefined || start === null ? 0 : integer(callee, start);
  return BigInt(lengthOf(inside.slice(0, at)) + (before < 0 ? Math.max(0, before + lengthOf(self)) : before));
}

function found(place: bigint): bigint {
  ensure(place >= 0n, 'index() did not find the text');
  return place;
}

function padded(self: string, given: Arguments, meter: Meter, callee: string, side: 'left' | 'right' | 'both'): string {
  const [width, character = ' '] = given.take(callee, 'width', 'fillchar?');
  const wanted = integer(callee, width);
  const fill = text(callee, character);
  ensure(lengthOf(fill) === 1, `${callee} fills with one character`);
  meter.characters(wanted);
  if (side === 'both') return centered(self, wanted, fill);
  const filling = fill.repeat(Math.max(0, wanted - lengthOf(self)));
  return side === 'left' ? filling + self : self + filling;
}
