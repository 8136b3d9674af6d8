/**
 * Untrusted text, such as a name in a file, made safe for an error message: on one line, not too long, without invisible characters and without
 * characters that a terminal would obey.
 */
export function printable(text: string): string {
  const visible = text.slice(0, 200).replace(/[\p{C}\p{Zl}\p{Zp}]/gu, (character) => {
    return `\\u{${character.codePointAt(0)!.toString(16)}}`;
  });
  return text.length > 200 ? `${visible}...` : visible;
}

/** Like {@link printable}, in quotation marks. */
export function quoted(text: string): string {
  return `"${printable(text)}"`;
}
