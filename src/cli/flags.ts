import { type Command, InvalidArgumentError } from 'commander';
import { printable } from '../core/printable.ts';

/** A number in digits, such as 12, -0.5 or 1e-3, but not 0x10; anything else is NaN. */
function decimal(text: string): number {
  return /^\s*[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?\s*$/i.test(text) ? Number(text) : Number.NaN;
}

/** Parses a whole number for a flag. */
export function wholeNumber(text: string): number {
  const value = decimal(text);
  if (!Number.isInteger(value)) throw new InvalidArgumentError('It must be a whole number.');
  if (!Number.isSafeInteger(value)) throw new InvalidArgumentError('It must be a whole number below 2^53.');
  return value;
}

/** Parses a number for a flag; `inf` is a number, too. */
export function number(text: string): number {
  const value = /^inf(inity)?$/i.test(text) ? Number.POSITIVE_INFINITY : decimal(text);
  if (Number.isNaN(value)) throw new InvalidArgumentError('It must be a number.');
  return value;
}

const units: Readonly<Record<string, number>> = { kb: 1e3, mb: 1e6, gb: 1e9, tb: 1e12, kib: 2 ** 10, mib: 2 ** 20, gib: 2 ** 30, tib: 2 ** 40 }; // biome-ignore format: a table

/** Parses an amount of memory, such as 800MB or 1.5GiB, for a flag, in bytes. */
export function memorySize(text: string): number {
  const [, amount, unit] = /^\s*([\d.]+)\s*([kmgt]i?b)\s*$/i.exec(text) ?? [];
  const bytes = Math.floor(decimal(amount ?? '') * (units[unit?.toLowerCase() ?? ''] ?? Number.NaN));
  if (!Number.isSafeInteger(bytes)) throw new InvalidArgumentError('It must be a size such as 800MB or 4GB.');
  return bytes;
}

/** Parses a list of numbers for a flag, such as 0.7,0.3. */
export function numbers(text: string): number[] {
  return text.split(',').map(number);
}

/** Collects a flag that may be given several times. */
export function several(text: string, before: readonly string[] = []): string[] {
  return [...before, text];
}

const escapes: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', '\\': '\\' };

/** A text in which `\n`, `\r`, `\t`, `\\`, `\u00e9` and `\u{1f600}` stand for characters that are hard to type. */
export function unescaped(text: string): string {
  if (text === '') throw new InvalidArgumentError('It must not be empty.');
  const result = text.replaceAll(/\\(u[\da-fA-F]{4}|u\{[\da-fA-F]{1,6}\}|.|$)/gsu, (whole, code: string) => {
    const point = code.length > 2 ? Number.parseInt(code.replaceAll(/[u{}]/g, ''), 16) : Number.POSITIVE_INFINITY;
    const character = point <= 0x10ffff ? String.fromCodePoint(point) : escapes[code];
    if (character !== undefined) return character;
    const known = '\\n, \\t, \\r, \\\\ and \\uXXXX';
    throw new InvalidArgumentError(`It may have ${known} but not ${printable(whole)}; a backslash is written \\\\.`);
  });
  if (/\p{Surrogate}/u.test(result)) throw new InvalidArgumentError('It must not have half a character.');
  return result;
}

/** The entries of `record` that have a value. */
export function defined<T extends object>(record: T): Partial<T> {
  return Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined)) as Partial<T>;
}

/**
 * A message of the library with the names of options written as the command's flags: `topK` as `--top-k`. A name of one small word is replaced only
 * where the message says that it is an option: "steps must be ...", "the option encoding".
 */
export function withFlags(message: string, command: Command): string {
  // Of --flag and --no-flag, which set one option, the first has its name.
  const ordered = [...command.options].sort((a, b) => Number(b.negate) - Number(a.negate));
  const flags = new Map(ordered.map((option) => [option.attributeName(), option]));
  const flagOf = (name: string) => {
    if (name === 'betas' && flags.has('beta1')) return '--beta1 and --beta2';
    const option = flags.get(name);
    return option?.long && !option.negate ? option.long : name;
  };
  return message
    .replaceAll(/\bthe option (\w+)/g, (whole, name: string) => (flags.has(name) ? flagOf(name) : whole))
    .replace(/^(?:the )?([a-z]+(?: [a-z]+)*)(?= must (?:be|lie) )/, (whole, words: string) => {
      const name = words.replaceAll(/ ([a-z])/g, (_, letter: string) => letter.toUpperCase());
      const flag = flagOf(name);
      return flag === name ? whole : flag;
    })
    .replaceAll(/(?<![\w./"'-])[a-z]+[A-Z]\w*(?![\w/"'-]|\.\w)/g, flagOf);
}
