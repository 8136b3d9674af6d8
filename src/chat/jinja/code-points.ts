/** The characters of a text as Python counts them: code points. */
export const characters = (text: string): string[] => Array.from(text);

const surrogate = /[\ud800-\udbff][\udc00-\udfff]/;

/** The length of a text in code points. */
export function lengthOf(text: string): number {
  if (!surrogate.test(text)) return text.length;
  let length = 0;
  for (const _ of text) length++;
  return length;
}

/** A part of a text, by places in code points; negative ones count from the end. */
export function partOf(text: string, start = 0, stop?: number): string {
  return surrogate.test(text) ? characters(text).slice(start, stop).join('') : text.slice(start, stop);
}

/** Less than, equal to or greater than 0 as `a` comes before, equals or comes after `b` in the order of code points. */
export function compareTexts(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  let i = 0;
  while (i < length && a[i] === b[i]) i++;
  if (i === length) return a.length - b.length;
  // Both halves of a pair are compared as the whole that they are part of.
  const isInPair = (text: string) => i > 0 && surrogate.test(text.slice(i - 1, i + 1));
  const from = isInPair(a) || isInPair(b) ? i - 1 : i;
  return a.codePointAt(from)! - b.codePointAt(from)!;
}
