/** The class of characters that Python's `str.isspace` knows, for a regular expression. JavaScript's `\s` differs in a few. */
const spaces = '\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000';
export const space = `[${spaces}]`;
export const notSpace = `[^${spaces}]`;

const leading = new RegExp(`^${space}+`);
const only = new RegExp(`^${space}+$`);
const one = new RegExp(`^${space}$`);

export const isSpace = (text: string) => only.test(text);
export const trimStart = (text: string) => text.replace(leading, '');

export function trimEnd(text: string): string {
  let end = text.length;
  while (end > 0 && one.test(text[end - 1]!)) end--;
  return text.slice(0, end);
}

export const trim = (text: string) => trimEnd(trimStart(text));
