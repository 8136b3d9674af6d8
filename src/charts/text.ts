import { FONT_SIZE } from './theme.ts';

export interface Font {
  readonly size?: number;
  readonly monospace?: boolean;
  readonly weight?: number;
}

/** Of titles. */
export const SEMIBOLD: Font = { weight: 600 };

/**
 * About how wide a text is drawn, in pixels, rounded up: the browser's font is not known here, so these are the widths of wide
 * system fonts.
 */
export function textWidth(text: string, { size = FONT_SIZE, monospace = false, weight = 400 }: Font = {}): number {
  let em = 0;
  for (const character of text) {
    if (/\p{Mark}/u.test(character)) continue;
    if (
      /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\u{1f000}-\u{3ffff}]/u.test(
        character,
      )
    ) {
      em += 1.25;
    } else if (monospace) em += 0.62;
    else if (/[ijl|.,:;'!I`]/.test(character)) em += 0.32;
    else if (/[frt()[\]\-/\\ ]/.test(character)) em += 0.4;
    else if (/[mwMW@%—…−+×=<>~]/.test(character)) em += 0.96;
    else if (/\p{Uppercase}/u.test(character)) em += 0.72;
    else em += 0.62;
  }
  return Math.ceil(em * size * (weight > 400 ? 1.1 : 1));
}

/** The text in lines of at most `width` pixels, cut at spaces; a longer word is cut anywhere. */
export function wrapText(text: string, width: number, font: Font = {}): string[] {
  const joined = (parts: readonly string[], separator: string) => {
    const lines: string[] = [];
    for (const part of parts) {
      const longer = `${lines.at(-1)}${separator}${part}`;
      if (lines.length > 0 && textWidth(longer, font) <= width) lines[lines.length - 1] = longer;
      else lines.push(part);
    }
    return lines;
  };
  const words = text.split(/\s+/).filter(Boolean);
  const pieces = words.flatMap((word) => joined([...word], ''));
  return joined(pieces, ' ');
}

/** As {@link wrapText}, in lines of about equal length: no single word is left over for the last one. */
export function balancedLines(text: string, width: number, font: Font = {}): string[] {
  let lines = wrapText(text, width, font);
  const longestWord = Math.max(0, ...text.split(/\s+/).map((word) => textWidth(word, font)));
  for (let narrower = width - STEP; narrower >= longestWord; narrower -= STEP) {
    const narrowerLines = wrapText(text, narrower, font);
    if (narrowerLines.length > lines.length) break;
    lines = narrowerLines;
  }
  return lines;
}

/** Between two widths that are tried. */
const STEP = 10;

/** The beginning of a text that is wider than `width` pixels, with an ellipsis. */
export function shortened(text: string, width: number, font: Font = {}): string {
  if (textWidth(text, font) <= width) return text;
  const characters = [...text];
  while (characters.length > 1 && textWidth(`${characters.join('')}…`, font) > width) characters.pop();
  return `${characters.join('')}…`;
}

const VISIBLE: Record<string, string> = { ' ': '␣', '\n': '↵', '\r': '␍', '\t': '⇥', '\u00a0': '⍽' };

/** A token's text with its white space and control characters made visible: " the" becomes "␣the", a line break "↵". */
export function visibleToken(token: string): string {
  if (token === '') return '∅';
  return [...token]
    .map(
      (character) =>
        VISIBLE[character] ?? (character < ' ' ? String.fromCodePoint(0x2400 + character.charCodeAt(0)) : character),
    )
    .join('');
}

const PLAIN = new Intl.NumberFormat('en', { maximumSignificantDigits: 12 });

/**
 * A number for people: thousands are grouped, the minus is as long as a plus, very large and small ones are powers of ten:
 * 1,234.5, −0.17, 1.2×10⁻⁷.
 *
 * @param digits how many significant digits; those before the decimal point are all kept
 */
export function numberText(value: number, digits = 12): string {
  const [, exponent] = parts(value, digits);
  if (value !== 0 && (exponent < -5 || exponent > 6)) return powerText(value, digits);
  const rounded = Number(value.toPrecision(Math.max(digits, exponent + 1)));
  return withMinus(PLAIN.format(Object.is(rounded, -0) ? 0 : rounded));
}

/** A number other than 0 as a multiple of a power of ten: 3×10⁻⁷, 10⁴. */
export function powerText(value: number, digits = 12): string {
  const [factor, exponent] = parts(value, digits);
  if (exponent === 0) return withMinus(String(factor));
  const power = exponent === 1 ? '10' : `10${superscript(exponent)}`;
  return withMinus(factor === 1 ? power : factor === -1 ? `-${power}` : `${factor}×${power}`);
}

/** Factor and exponent of a number rounded to some significant digits. */
function parts(value: number, digits: number): [factor: number, exponent: number] {
  return value
    .toExponential(digits - 1)
    .split('e')
    .map(Number) as [number, number];
}

const withMinus = (text: string) => text.replace('-', '−');

function superscript(exponent: number): string {
  return [...String(exponent)].map((digit) => (digit === '-' ? '⁻' : '⁰¹²³⁴⁵⁶⁷⁸⁹'[Number(digit)])).join('');
}

/** "1 point", "2 points". */
export function counted(count: number, noun: string): string {
  return `${numberText(count)} ${noun}${count === 1 ? '' : 's'}`;
}
