import { characters, lengthOf } from './code-points.ts';
import { notSpace, trim, trimEnd, trimStart } from './whitespace.ts';

/** `text` without white space, or any of `chars`, at its ends. */
export function strip(text: string, chars: string | undefined, left = true, right = true): string {
  if (chars === undefined) {
    if (left && right) return trim(text);
    return left ? trimStart(text) : trimEnd(text);
  }
  const unwanted = new Set(characters(chars));
  const all = characters(text);
  let [from, to] = [0, all.length];
  while (left && from < to && unwanted.has(all[from]!)) from++;
  while (right && from < to && unwanted.has(all[to - 1]!)) to--;
  return all.slice(from, to).join('');
}

const word = new RegExp(`${notSpace}+`, 'g');

/** Cuts at a separator, or at white space, at most `most` times from the left; everywhere if `most` is negative. */
export function split(text: string, separator: string | undefined, most: number): string[] {
  if (separator !== undefined) {
    const parts = text.split(separator);
    return most < 0 || parts.length <= most ? parts : [...parts.slice(0, most), parts.slice(most).join(separator)];
  }
  const words = [...text.matchAll(word)];
  const found = words.map(([word]) => word);
  return most < 0 || words.length <= most ? found : [...found.slice(0, most), text.slice(words[most]!.index)];
}

/** As {@link split}, from the right. */
export function splitRight(text: string, separator: string | undefined, most: number): string[] {
  if (separator !== undefined) {
    const parts = text.split(separator);
    const kept = parts.length - most;
    return most < 0 || kept <= 0 ? parts : [parts.slice(0, kept).join(separator), ...parts.slice(kept)];
  }
  const words = [...text.matchAll(word)];
  const found = words.map(([word]) => word);
  const last = words[words.length - most - 1];
  if (most < 0 || !last) return found;
  return [text.slice(0, last.index + last[0].length), ...found.slice(words.length - most)];
}

const lineEnds = '\\n\\r\\v\\f\\x1c-\\x1e\\x85\\u2028\\u2029';
const lines = new RegExp(`([^${lineEnds}]*)(\\r\\n|[${lineEnds}]|$)`, 'g');

export function splitLines(text: string, keepEnds = false): string[] {
  const found = Array.from(text.matchAll(lines), ([line, content]) => (keepEnds ? line : content!));
  // The match at the end of the text is a line only if there is something in it.
  return found.at(-1) === '' ? found.slice(0, -1) : found;
}

/** Every word begins with a capital letter, and a word begins after anything that is no letter. */
export function titled(text: string): string {
  return text.replace(/[\p{L}\p{M}]+/gu, (word) => {
    const [first = ''] = word;
    return first.toUpperCase() + word.slice(first.length).toLowerCase();
  });
}

/** Of an odd number of `fill`s, the one more stands on the left if the width is odd, as in Python. */
export function centered(text: string, width: number, fill = ' '): string {
  const missing = Math.max(0, width - lengthOf(text));
  const left = (missing >> 1) + (missing & width & 1);
  return fill.repeat(left) + text + fill.repeat(missing - left);
}

export const isCased = (text: string) => /[\p{Lu}\p{Ll}\p{Lt}]/u.test(text);
export const isLower = (text: string) => isCased(text) && !/[\p{Lu}\p{Lt}]/u.test(text);
export const isUpper = (text: string) => isCased(text) && !/[\p{Ll}\p{Lt}]/u.test(text);
