/** About how wide a text is drawn, in pixels: the reader's font is not known. */
export function textWidth(text: string, fontSize: number): number {
  return fontSize * [...text].reduce((em, character) => em + (character >= '\u2e80' ? 1.1 : 0.6), 0);
}

/** The text in lines of about `width` pixels, cut at spaces; a longer word gets a line of its own. */
export function wrapText(text: string, width: number, fontSize: number): string[] {
  const most = Math.max(1, Math.floor(width / (0.6 * fontSize)));
  return text.match(new RegExp(`\\S.{0,${most - 1}}(?=\\s|$)|\\S+`, 'gsu')) ?? [];
}

/** A number for people, such as 1,234.5, −0.17 or 1.2×10⁻⁷. The number of significant digits defaults to 12. */
export function numberText(value: number, digits = 12): string {
  const exponent = value === 0 ? 0 : Math.floor(Math.log10(Math.abs(value)));
  const notation = exponent < -5 || exponent > 6 ? 'scientific' : 'standard';
  const maximumSignificantDigits = notation === 'standard' ? Math.max(digits, exponent + 1) : digits;
  const text = (value || 0).toLocaleString('en', { notation, maximumSignificantDigits });
  const superscript = (digits: string) =>
    Array.from(digits, (digit) => '⁻⁰¹²³⁴⁵⁶⁷⁸⁹'['-0123456789'.indexOf(digit)]).join('');
  return text
    .replace(/E(.*)/, (_, power) => `×10${superscript(power)}`)
    .replace(/^(-?)1×/, '$1')
    .replace('-', '−');
}
